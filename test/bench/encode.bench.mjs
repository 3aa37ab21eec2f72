// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Our encoders from SDK objects to OTLP beside the SDK's own serializers, all in one
// process, taking turns.

import { deepStrictEqual } from 'node:assert'
import { createRequire } from 'node:module'
import { defineBench, median, requireDist } from './support/harness.mjs'
import {
  METRIC_KINDS,
  makeLogRecords,
  makeMetrics,
  makeSpans,
} from './support/encode-telemetry.mjs'
import { loadRequestType } from './support/request-types.mjs'

const require = createRequire(import.meta.url)
const sdk = require('@opentelemetry/otlp-transformer')

const WARM_UP_ROUNDS = 5
const COLLECTIONS = 8

export default defineBench({
  title: 'encode: SDK objects to OTLP, our encoders beside the serializers of the SDK',
  // More items than our encoder's memory of texts holds: it must not know the next one already.
  options: { rounds: 15, turnMillis: 25, poolItems: 1024 },
  async run(options) {
    const traces = measureTraces(options)
    const metrics = await measureMetrics(options)
    const logs = measureLogs(options)
    return {
      tables: [traces.table, metrics.table, logs.table],
      figures: [...traces.figures, ...metrics.figures, ...logs.figures],
      notes: [
        'Rates are medians, ratios medians of the ratios round by round. "counted" also says how ' +
          'many items there are, of which times and services. What two sides write was decoded ' +
          'by protobufjs before, and is equal.',
      ],
    }
  },
})

function measureTraces(options) {
  const { encodeSpans, encodeCountedSpans } = requireDist(options, 'otlp/encode-spans.js')
  const pool = makeSpans(options.poolItems)
  const sides = {
    ours: encodeSpans,
    counted: (spans) => encodeCountedSpans(spans).body,
    'SDK protobuf': (spans) => sdk.ProtobufTraceSerializer.serializeRequest(spans),
    'SDK JSON': (spans) => sdk.JsonTraceSerializer.serializeRequest(spans),
  }
  const rows = [1, 10, 50, 512].map((size) => {
    const batches = batchesOf(size, pool)
    return compare(`${size} spans`, 'traces', sides, batches, (batch) => batch.length, options)
  })
  return {
    table: tableOf('Traces, thousand spans per CPU second', sides, rows),
    figures: [
      figure('batches of 512 spans, ours : SDK protobuf', rows.at(-1), 3),
      figure('batches of 50 spans, ours : SDK protobuf', rows.at(-2), 3),
      figure('single spans, ours : SDK protobuf', rows[0]),
    ],
  }
}

async function measureMetrics(options) {
  const { encodeMetrics, encodeCountedMetrics } = requireDist(options, 'otlp/encode-metrics.js')
  const sides = {
    ours: encodeMetrics,
    counted: (metrics) => encodeCountedMetrics(metrics).body,
    'SDK protobuf': (metrics) => sdk.ProtobufMetricsSerializer.serializeRequest(metrics),
  }
  const rows = []
  for (const kinds of [METRIC_KINDS, ...METRIC_KINDS.map((kind) => [kind])]) {
    const collections = await makeMetrics(kinds, COLLECTIONS)
    const name = kinds.length > 1 ? 'all of an app' : kinds[0]
    rows.push(compare(name, 'metrics', sides, collections, pointsOf, options))
  }
  return {
    table: tableOf('Metrics, thousand data points per CPU second', sides, rows),
    figures: [figure('metrics of an app, ours : SDK protobuf', rows[0], 2)],
  }
}

function measureLogs(options) {
  const module = requireDist(options, 'otlp/encode-log-records.js')
  const pool = makeLogRecords(options.poolItems)
  const sides = {
    ours: module.encodeLogRecords,
    counted: (logRecords) => module.encodeCountedLogRecords(logRecords).body,
    'SDK protobuf': (logRecords) => sdk.ProtobufLogsSerializer.serializeRequest(logRecords),
  }
  const rows = [50, 512].map((size) => {
    const batches = batchesOf(size, pool)
    return compare(`${size} records`, 'logs', sides, batches, (batch) => batch.length, options)
  })
  return {
    table: tableOf('Logs, thousand records per CPU second', sides, rows),
    figures: [figure('batches of 512 log records, ours : SDK protobuf', rows.at(-1), 2)],
  }
}

/** Lets the sides encode the same batches in turns. */
function compare(name, signal, sides, batches, itemsOf, { rounds, turnMillis }) {
  checkSameData(signal, sides, batches)
  const items = batches.reduce((sum, batch) => sum + itemsOf(batch), 0)
  const bytes = batches.reduce((sum, batch) => sum + sides.ours(batch).length, 0)
  const rates = Object.fromEntries(Object.keys(sides).map((side) => [side, []]))
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const names = Object.keys(sides)
    for (const side of round % 2 === 0 ? names : names.reverse()) {
      const rate = items / secondsPerPass(sides[side], batches, turnMillis)
      if (round >= 0) rates[side].push(rate)
    }
  }
  return { name, bytesPerItem: bytes / items, rates }
}

function secondsPerPass(encode, batches, turnMillis) {
  // No forced collection in front of a turn: it costs the sides their compiled code, and what
  // is measured then is how they warm up (seen: 38 times instead of 3).
  const start = process.cpuUsage()
  for (let passes = 1; ; passes++) {
    for (const batch of batches) encode(batch)
    const { user, system } = process.cpuUsage(start)
    if (user + system >= turnMillis * 1000) return (user + system) / 1e6 / passes
  }
}

function checkSameData(signal, sides, batches) {
  const type = loadRequestType(signal)
  const decoded = (bytes) => type.toObject(type.decode(bytes), { longs: String, bytes: String })
  // Twice, because ours remembers keys and texts of the first time.
  for (const batch of [batches[0], batches.at(-1), batches[0]]) {
    const expected = decoded(sides['SDK protobuf'](batch))
    deepStrictEqual(decoded(sides.ours(batch)), expected)
    deepStrictEqual(decoded(sides.counted(batch)), expected)
  }
}

function tableOf(title, sides, rows) {
  const names = Object.keys(sides)
  const others = names.slice(2)
  return {
    title,
    columns: ['', 'bytes an item', ...names, ...others.map((other) => `ours : ${other}`)],
    rows: rows.map((row) => [
      row.name,
      Math.round(row.bytesPerItem),
      ...names.map((name) => Math.round(median(row.rates[name]) / 1000)),
      ...others.map((other) => ratio(row, other)),
    ]),
  }
}

function figure(name, row, atLeast) {
  return { name, value: ratio(row, 'SDK protobuf'), ...(atLeast && { atLeast }) }
}

function ratio({ rates }, other) {
  return median(rates.ours.map((rate, round) => rate / rates[other][round]))
}

function batchesOf(size, pool) {
  const batches = []
  for (let start = 0; start + size <= pool.length; start += size) {
    batches.push(pool.slice(start, start + size))
  }
  return batches
}

function pointsOf({ scopeMetrics }) {
  const metrics = scopeMetrics.flatMap((scope) => scope.metrics)
  return metrics.reduce((sum, metric) => sum + metric.dataPoints.length, 0)
}

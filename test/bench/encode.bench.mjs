// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Our encoders from SDK objects to OTLP beside the SDK's own serializers. Each measurement
// has a process of its own: in one process the garbage of a side is collected in the turn of
// the next, and the ratios of the same code went from 1.3 to 3.3.

import { deepStrictEqual } from 'node:assert'
import { createRequire } from 'node:module'
import { defineBench, medianOf, medianRatio, requireDist } from './support/harness.mjs'
import {
  METRIC_KINDS,
  makeLogRecords,
  makeMetrics,
  makeSpans,
} from './support/encode-telemetry.mjs'
import { loadRequestType } from './support/request-types.mjs'

const require = createRequire(import.meta.url)

const COLLECTIONS = 8
const [OURS, COUNTED] = ['ours', 'counted']
const [SDK_PROTOBUF, SDK_JSON] = ['SDK protobuf', 'SDK JSON']
const BOTH = [OURS, SDK_PROTOBUF]

const ALL_METRICS = 'metrics of an app'
const TRACES = [
  ...[1, 10, 50].map((size) => spansWorkload(size, BOTH)),
  spansWorkload(512, [OURS, COUNTED, SDK_PROTOBUF, SDK_JSON]),
]
const METRICS = [
  metricsWorkload(ALL_METRICS, METRIC_KINDS, [OURS, COUNTED, SDK_PROTOBUF]),
  ...METRIC_KINDS.map((kind) => metricsWorkload(kind, [kind], BOTH)),
]
const LOGS = [logsWorkload(50, BOTH), logsWorkload(512, [OURS, COUNTED, SDK_PROTOBUF])]

export default defineBench({
  title: 'encode: SDK objects to OTLP, our encoders beside the serializers of the SDK',
  options: {
    // More items than our encoder's memory of texts holds: it must not know the next one already.
    poolItems: 2048,
    warmUpMillis: 400,
    measureMillis: 600,
  },
  sides: Object.fromEntries([...TRACES, ...METRICS, ...LOGS].flatMap(sidesOf)),
  report: (measured) => ({
    tables: [
      tableOf('Traces, thousand spans per CPU second', TRACES, measured),
      tableOf('Metrics, thousand data points per CPU second', METRICS, measured),
      tableOf('Logs, thousand records per CPU second', LOGS, measured),
    ],
    figures: [
      figure(measured, '512 spans', 3),
      figure(measured, '50 spans', 3),
      figure(measured, ALL_METRICS, 2),
      figure(measured, '512 log records', 2),
    ],
    notes: [
      'Rates are medians, ratios medians of the ratios round by round, with the lowest and the ' +
        'highest of them. "counted" also says how many items there are, of which times and ' +
        'services. What each side wrote was decoded by protobufjs after its measurement: it is ' +
        'what the bytes of the SDK decode to.',
    ],
  }),
})

function spansWorkload(size, encoders) {
  const makeBatches = ({ poolItems }) => batchesOf(size, makeSpans(poolItems))
  return { name: size === 1 ? '1 span' : `${size} spans`, signal: 'traces', encoders, makeBatches }
}

function logsWorkload(size, encoders) {
  const makeBatches = ({ poolItems }) => batchesOf(size, makeLogRecords(poolItems))
  return { name: `${size} log records`, signal: 'logs', encoders, makeBatches }
}

function metricsWorkload(name, kinds, encoders) {
  const makeBatches = () => makeMetrics(kinds, COLLECTIONS)
  return { name, signal: 'metrics', encoders, makeBatches }
}

function batchesOf(size, pool) {
  const batches = []
  for (let start = 0; start + size <= pool.length; start += size) {
    batches.push(pool.slice(start, start + size))
  }
  return batches
}

function sidesOf({ name, signal, encoders, makeBatches }) {
  return encoders.map((encoder) => [
    `${name}: ${encoder}`,
    async (options) => {
      const batches = await makeBatches(options)
      const encode = ENCODERS[encoder](signal, options)
      const measured = measure(encode, batches, options)
      // Only now: whatever else runs before would be compiled, and collected, in the measurement.
      const encoded = batches.map(encode)
      const items = countEqual(signal, encoded, batches, encoder === SDK_JSON)
      const bytes = encoded.reduce((sum, { length }) => sum + length, 0)
      const { cpuSeconds, passes } = measured
      const micros = (cpuSeconds * 1e6) / passes / items
      return { items, cpuSeconds, passes, microsPerItem: micros, bytesPerItem: bytes / items }
    },
  ])
}

const ENCODERS = {
  [OURS]: (signal, options) => {
    const { encodeSpans, encodeMetrics, encodeLogRecords } = loadOurs(signal, options)
    return encodeSpans ?? encodeMetrics ?? encodeLogRecords
  },
  [COUNTED]: (signal, options) => {
    const ours = loadOurs(signal, options)
    const encode =
      ours.encodeCountedSpans ?? ours.encodeCountedMetrics ?? ours.encodeCountedLogRecords
    return (batch) => encode(batch).body
  },
  [SDK_PROTOBUF]: (signal) => serializerOf('Protobuf', signal),
  [SDK_JSON]: (signal) => serializerOf('Json', signal),
}

function loadOurs(signal, options) {
  const name = { traces: 'spans', metrics: 'metrics', logs: 'log-records' }[signal]
  return requireDist(options, `otlp/encode-${name}.js`)
}

function serializerOf(format, signal) {
  const name = { traces: 'Trace', metrics: 'Metrics', logs: 'Logs' }[signal]
  const serializer = require('@opentelemetry/otlp-transformer')[`${format}${name}Serializer`]
  return (batch) => serializer.serializeRequest(batch)
}

function measure(encode, batches, { warmUpMillis, measureMillis }) {
  passesFor(encode, batches, warmUpMillis)
  return passesFor(encode, batches, measureMillis)
}

/** Whole passes over all batches, until they have taken so much CPU. */
function passesFor(encode, batches, millis) {
  const start = process.cpuUsage()
  for (let passes = 1; ; passes++) {
    for (const batch of batches) encode(batch)
    const { user, system } = process.cpuUsage(start)
    if (user + system >= millis * 1000) return { cpuSeconds: (user + system) / 1e6, passes }
  }
}

/** Counts the items in what was encoded, which must be what the SDK's bytes decode to. */
function countEqual(signal, encoded, batches, isJson) {
  const type = loadRequestType(signal)
  const decode = (bytes) => type.toObject(type.decode(bytes), { longs: String, bytes: String })
  const serialize = serializerOf('Protobuf', signal)
  return encoded.reduce((sum, bytes, index) => {
    if (isJson) return sum + itemsOf(JSON.parse(Buffer.from(bytes).toString()))
    const decoded = decode(bytes)
    deepStrictEqual(decoded, decode(serialize(batches[index])))
    return sum + itemsOf(decoded)
  }, 0)
}

/** Spans, log records, or data points. */
function itemsOf({ resourceSpans, resourceMetrics, resourceLogs }) {
  const scopes = (resourceSpans ?? resourceMetrics ?? resourceLogs).flatMap(
    ({ scopeSpans, scopeMetrics, scopeLogs }) => scopeSpans ?? scopeMetrics ?? scopeLogs,
  )
  return scopes.flatMap(
    ({ spans, metrics, logRecords }) => spans ?? metrics?.flatMap(pointsOf) ?? logRecords,
  ).length
}

function pointsOf({ sum, gauge, histogram, exponentialHistogram }) {
  return (sum ?? gauge ?? histogram ?? exponentialHistogram).dataPoints
}

function tableOf(title, workloads, measured) {
  const names = [OURS, COUNTED, SDK_PROTOBUF, SDK_JSON]
  const shown = names.filter((name) => workloads.some(({ encoders }) => encoders.includes(name)))
  const rows = workloads.map(({ name: workload, encoders }) => {
    const samplesOf = (encoder) => measured[`${workload}: ${encoder}`]
    const ratios = ratiosOf(measured, workload)
    return [
      workload,
      Math.round(medianOf(samplesOf(OURS), 'bytesPerItem')),
      ...shown.map((name) =>
        encoders.includes(name)
          ? Math.round(1000 / medianOf(samplesOf(name), 'microsPerItem'))
          : '',
      ),
      ratioToSdk(measured, workload).toFixed(2),
      `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
    ]
  })
  return { title, columns: ['', 'bytes an item', ...shown, 'ours : SDK protobuf', ''], rows }
}

function figure(measured, workload, atLeast) {
  const value = ratioToSdk(measured, workload)
  return { name: `${workload}, ours : SDK protobuf`, value, atLeast }
}

function ratioToSdk(measured, workload) {
  const [ours, sdk] = BOTH.map((encoder) => measured[`${workload}: ${encoder}`])
  return medianRatio(sdk, ours, 'microsPerItem')
}

function ratiosOf(measured, workload) {
  const [ours, sdk] = BOTH.map((encoder) => measured[`${workload}: ${encoder}`])
  return ours.map(({ microsPerItem }, round) => sdk[round].microsPerItem / microsPerItem)
}

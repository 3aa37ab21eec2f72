// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What the bench of the encoders encodes, and with what.

import { deepStrictEqual } from 'node:assert'
import { createRequire } from 'node:module'
import { METRIC_KINDS, makeLogRecords, makeMetrics, makeSpans } from './encode-telemetry.mjs'
import { requireDist } from './harness.mjs'
import { loadRequestType } from './request-types.mjs'

const require = createRequire(import.meta.url)

const COLLECTIONS = 8
// More items than our encoder's memory of texts holds: it must not know the next one already.
const POOL_ITEMS = 2048

export const OURS = 'ours'
export const COUNTED = 'counted'
export const SDK_PROTOBUF = 'SDK protobuf'
export const SDK_JSON = 'SDK JSON'

export const ALL_METRICS = 'metrics of an app'

const BOTH = [OURS, SDK_PROTOBUF]
export const WORKLOADS = {
  traces: [
    ...[1, 10, 50].map((size) => spansWorkload(size, BOTH)),
    spansWorkload(512, [OURS, COUNTED, SDK_PROTOBUF, SDK_JSON]),
  ],
  metrics: [
    metricsWorkload(ALL_METRICS, METRIC_KINDS, [OURS, COUNTED, SDK_PROTOBUF]),
    ...METRIC_KINDS.map((kind) => metricsWorkload(kind, [kind], BOTH)),
  ],
  logs: [logsWorkload(50, BOTH), logsWorkload(512, [OURS, COUNTED, SDK_PROTOBUF])],
}

function spansWorkload(size, encoders) {
  const makeBatches = () => batchesOf(size, makeSpans(POOL_ITEMS))
  return { name: size === 1 ? '1 span' : `${size} spans`, encoders, makeBatches }
}

function logsWorkload(size, encoders) {
  const makeBatches = () => batchesOf(size, makeLogRecords(POOL_ITEMS))
  return { name: `${size} log records`, encoders, makeBatches }
}

function metricsWorkload(name, kinds, encoders) {
  return { name, encoders, makeBatches: () => makeMetrics(kinds, COLLECTIONS) }
}

function batchesOf(size, pool) {
  const batches = []
  for (let start = 0; start + size <= pool.length; start += size) {
    batches.push(pool.slice(start, start + size))
  }
  return batches
}

/** A function from a batch to bytes. */
export function loadEncoder(encoder, signal, options) {
  if (encoder === SDK_PROTOBUF) return serializerOf('Protobuf', signal)
  if (encoder === SDK_JSON) return serializerOf('Json', signal)
  const [file, name] = {
    traces: ['encode-spans', 'Spans'],
    metrics: ['encode-metrics', 'Metrics'],
    logs: ['encode-log-records', 'LogRecords'],
  }[signal]
  const ours = requireDist(options, `otlp/${file}.js`)
  if (encoder === OURS) return ours[`encode${name}`]
  const encodeCounted = ours[`encodeCounted${name}`]
  return (batch) => encodeCounted(batch).body
}

function serializerOf(format, signal) {
  const name = { traces: 'Trace', metrics: 'Metrics', logs: 'Logs' }[signal]
  const serializer = require('@opentelemetry/otlp-transformer')[`${format}${name}Serializer`]
  return (batch) => serializer.serializeRequest(batch)
}

/**
 * Encodes all batches once more, and counts the items in the bytes. By protobufjs they must
 * decode to what the SDK's bytes decode to.
 */
export function countEncoded(encoder, signal, encode, batches) {
  const encoded = batches.map(encode)
  const bytes = encoded.reduce((sum, { length }) => sum + length, 0)
  const requests = encoder === SDK_JSON ? encoded.map(parseJson) : encoded.map(decoderOf(signal))
  if (encoder !== SDK_JSON) {
    const sdkBytes = batches.map(serializerOf('Protobuf', signal))
    deepStrictEqual(requests, sdkBytes.map(decoderOf(signal)))
  }
  return { items: requests.reduce((sum, request) => sum + itemsOf(request), 0), bytes }
}

function decoderOf(signal) {
  const type = loadRequestType(signal)
  return (bytes) => type.toObject(type.decode(bytes), { longs: String, bytes: String })
}

function parseJson(bytes) {
  return JSON.parse(new TextDecoder().decode(bytes))
}

/** Spans, log records, or data points. */
function itemsOf({ resourceSpans, resourceMetrics, resourceLogs }) {
  const scopes = (resourceSpans ?? resourceMetrics ?? resourceLogs).flatMap(
    ({ scopeSpans, scopeMetrics, scopeLogs }) => scopeSpans ?? scopeMetrics ?? scopeLogs,
  )
  return scopes.flatMap(
    ({ spans, metrics, logRecords }) => spans ?? logRecords ?? metrics.flatMap(pointsOf),
  ).length
}

function pointsOf({ sum, gauge, histogram, exponentialHistogram }) {
  return (sum ?? gauge ?? histogram ?? exponentialHistogram).dataPoints
}

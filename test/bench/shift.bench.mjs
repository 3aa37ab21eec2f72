// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What the operations on OTLP bytes cost: 512 spans of 546 bytes in one request,
// items per CPU second, medians of rounds in which all of them take turns.
//
//     npm run build && node test/bench/shift.bench.mjs

import { randomFillSync } from 'node:crypto'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import protobuf from 'protobufjs'

const require = createRequire(import.meta.url)
const { filterServices } = require('../../dist/otlp/filter-services.js')
const { createIdRewriter } = require('../../dist/otlp/id-rewriter.js')
const { rewriteIds } = require('../../dist/otlp/rewrite-ids.js')
const { shiftTimes } = require('../../dist/otlp/shift-times.js')
const { shiftTimesByTrace } = require('../../dist/otlp/shift-times-by-trace.js')
const { summarizeRequest } = require('../../dist/otlp/summarize-request.js')

const SPANS = 512
const BYTES_PER_SPAN = 546
const ROUNDS = 15
const ROUND_MILLIS = 60
const OFFSET_NANOS = 123_456_789_012_345n

const requestType = loadRequestType()
const request = makeRequest()
const body = requestType.encode(requestType.fromObject(request)).finish()
const json = JSON.stringify(
  requestType.toObject(requestType.decode(body), { longs: String, bytes: String }),
)

const names = new Set(['payment'])
const rewriter = createIdRewriter('bench')
const offsets = new Map()
const offsetOfTrace = (traceId) => {
  const known = offsets.get(traceId)
  if (known === undefined) offsets.set(traceId, OFFSET_NANOS)
  return known ?? OFFSET_NANOS
}

const OPERATIONS = {
  'copy alone': () => new Uint8Array(body),
  summarizeRequest: () => summarizeRequest(body, 'traces'),
  shiftTimes: () => shiftTimes(body, 'traces', OFFSET_NANOS),
  shiftTimesByTrace: () => shiftTimesByTrace(body, 'traces', OFFSET_NANOS, offsetOfTrace),
  rewriteIds: () => rewriteIds(body, 'traces', rewriter),
  filterServices: () => filterServices(body, 'traces', names),
  'JSON parse, shift, stringify': () => shiftJson(json),
}

const REFERENCE = 'JSON parse, shift, stringify'

const rates = measure(OPERATIONS)
console.log(
  `${SPANS} spans, ${(body.length / SPANS).toFixed(0)} bytes each, Node ${process.version}`,
)
console.table(
  Object.fromEntries(
    Object.entries(rates).map(([name, rate]) => [
      name,
      {
        'M spans / CPU s': Number((rate / 1e6).toFixed(2)),
        'MB / CPU s': Math.round((rate * body.length) / SPANS / 1e6),
        'times JSON': Number((rate / rates[REFERENCE]).toFixed(1)),
      },
    ]),
  ),
)

function measure(operations) {
  const measured = Object.fromEntries(Object.keys(operations).map((name) => [name, []]))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, operate] of Object.entries(operations)) {
      const rate = runFor(ROUND_MILLIS, operate)
      // The first round warms up.
      if (round > 0) measured[name].push(rate)
    }
  }
  return Object.fromEntries(
    Object.entries(measured).map(([name, values]) => [
      name,
      values.sort((a, b) => a - b)[ROUNDS >> 1],
    ]),
  )
}

function runFor(millis, operate) {
  const end = performance.now() + millis
  const before = process.cpuUsage()
  let runs = 0
  for (; performance.now() < end; runs++) operate()
  const { user, system } = process.cpuUsage(before)
  return (runs * SPANS) / ((user + system) / 1e6)
}

function shiftJson(text) {
  const parsed = JSON.parse(text)
  for (const { scopeSpans } of parsed.resourceSpans) {
    for (const { spans } of scopeSpans) {
      for (const span of spans) {
        span.startTimeUnixNano = String(BigInt(span.startTimeUnixNano) + OFFSET_NANOS)
        span.endTimeUnixNano = String(BigInt(span.endTimeUnixNano) + OFFSET_NANOS)
        for (const event of span.events) {
          event.timeUnixNano = String(BigInt(event.timeUnixNano) + OFFSET_NANOS)
        }
      }
    }
  }
  return JSON.stringify(parsed)
}

function loadRequestType() {
  const protoRoot = dirname(require.resolve('@elastic/mockotlpserver/package.json'))
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) => join(protoRoot, target)
  root.loadSync('opentelemetry/proto/collector/trace/v1/trace_service.proto')
  return root.lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest')
}

function makeRequest() {
  const spans = []
  // Batches of a busy service hold parts of many traces, mixed.
  const traceIds = Array.from({ length: SPANS / 8 }, () => randomBytes(16))
  for (let index = 0; index < SPANS; index++) {
    spans.push(makeSpan(index, traceIds[(index * 7) % traceIds.length]))
  }
  const attributes = [attribute('host.name', 'a'), attribute('service.name', 'payment')]
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }] }
}

function makeSpan(index, traceId) {
  const start = 1_790_000_000_000_000_000n + BigInt(index) * 1_000_000n
  const span = {
    traceId,
    spanId: randomBytes(8),
    parentSpanId: randomBytes(8),
    name: 'GET /api/products/{id}',
    kind: 2,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 5_000_000n),
    attributes: Array.from({ length: 10 }, (_, at) =>
      attribute(`http.attribute.${at}`, `value ${at}`),
    ),
    events: [{ timeUnixNano: String(start + 1000n), name: 'exception', attributes: [] }],
    status: { code: 1, message: '' },
    flags: 257,
  }
  const spanType = requestType.root.lookupType('opentelemetry.proto.trace.v1.Span')
  const missing = BYTES_PER_SPAN - 3 - spanType.encode(spanType.fromObject(span)).finish().length
  // An attribute of the size that is missing: 8 bytes of it are tags and lengths.
  span.attributes.push(attribute('exception.message', 'x'.repeat(missing - 8 - 17)))
  return span
}

function attribute(key, stringValue) {
  return { key, value: { stringValue } }
}

function randomBytes(length) {
  return randomFillSync(new Uint8Array(length))
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What the operations on OTLP bytes cost, beside copying the bytes, protobufjs and JSON:
//
//     npm run bench -- shift

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import protobuf from 'protobufjs'
import { defineBench, median, requireDist } from './support/harness.mjs'
import { requestMaker } from './support/bench-requests.mjs'

const require = createRequire(import.meta.url)

const ROUND_MILLIS = 40
const OFFSET_NANOS = 123_456_789_012_345n
const ITEMS_OTHER = 512
const [COPY, IN_PLACE, SHIFT] = ['copy alone', 'shiftTimesInPlace', 'shiftTimes']
const [PROTOBUFJS, JSON_SHIFT] = [
  'protobufjs decode, shift, encode',
  'JSON parse, shift, stringify',
]

export default defineBench({
  title: 'Operations on OTLP bytes, CPU per item',
  options: { rounds: 15, spans: 512 },
  async run(options) {
    const signals = {
      traces: { body: requestMaker(options.spans)(), items: options.spans },
      metrics: { body: encode('metrics', makeMetrics(ITEMS_OTHER)), items: ITEMS_OTHER },
      logs: { body: encode('logs', makeLogs(ITEMS_OTHER)), items: ITEMS_OTHER },
    }
    const measured = Object.entries(signals).map(([signal, { body, items }]) => {
      const operations = operationsOn(signal, new Uint8Array(body), items, options)
      return { signal, items, body, times: measure(operations, items, options.rounds) }
    })
    return { tables: measured.map(tableOf), figures: figuresOf(measured[0].times), notes: NOTES }
  },
})

const NOTES = [
  'Copying is `new Uint8Array(body)`: most of it is getting the memory, so it varies with the ' +
    'allocator; copying into memory that is there is the row below it.',
  'Ratios are medians of the ratios round by round. JSON and protobufjs results were compared ' +
    'with ours, as data, before the first round.',
]

function operationsOn(signal, body, items, options) {
  const load = (name) => requireDist(options, `otlp/${name}.js`)
  const { shiftTimes, shiftTimesInPlace } = load('shift-times')
  const { shiftTimesByTrace, shiftTimesByTraceInPlace } = load('shift-times-by-trace')
  const { createIdRewriter } = load('id-rewriter')
  const { rewriteIds } = load('rewrite-ids')
  const { filterServices } = load('filter-services')
  const { summarizeRequest } = load('summarize-request')
  const type = requestType(signal)
  const json = JSON.stringify(asData(type, body))
  checkSameResult(type, shiftTimes(body, signal, OFFSET_NANOS), body, json)
  const counted = summarizeRequest(body, signal).itemCount
  if (counted !== items) throw new Error(`${signal}: ${counted} items are not ${items}`)
  const rewriter = createIdRewriter('bench')
  const names = new Set(['bench'])
  const own = new Uint8Array(body)
  const offsetOfTrace = () => OFFSET_NANOS
  return {
    [COPY]: () => new Uint8Array(body),
    'copy into memory that is there': () => own.set(body),
    [IN_PLACE]: () => shiftTimesInPlace(own, signal, OFFSET_NANOS),
    [SHIFT]: () => shiftTimes(body, signal, OFFSET_NANOS),
    shiftTimesByTraceInPlace: () =>
      shiftTimesByTraceInPlace(own, signal, OFFSET_NANOS, offsetOfTrace),
    shiftTimesByTrace: () => shiftTimesByTrace(body, signal, OFFSET_NANOS, offsetOfTrace),
    rewriteIds: () => rewriteIds(body, signal, rewriter),
    filterServices: () => filterServices(body, signal, names),
    summarizeRequest: () => summarizeRequest(body, signal),
    [PROTOBUFJS]: () => shiftByProtobufjs(type, body),
    [JSON_SHIFT]: () => shiftJson(json),
  }
}

/** All take turns in each round; the first round warms up. CPU microseconds an item. */
function measure(operations, items, rounds) {
  const times = Object.fromEntries(Object.keys(operations).map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, operate] of Object.entries(operations)) {
      const end = performance.now() + ROUND_MILLIS
      const before = process.cpuUsage()
      let runs = 0
      for (; performance.now() < end; runs++) operate()
      const { user, system } = process.cpuUsage(before)
      if (round > 0) times[name].push((user + system) / runs / items)
    }
  }
  return times
}

function ratio(times, above, below) {
  return median(times[above].map((time, round) => time / times[below][round]))
}

function tableOf({ signal, items, body, times }) {
  const bytes = Math.round(body.length / items)
  return {
    title: `${signal}: ${items} items of ${bytes} bytes in one request`,
    columns: ['operation', 'µs CPU an item', 'times the copy', 'times faster than JSON'],
    rows: Object.keys(times).map((name) => [
      name,
      median(times[name]),
      ratio(times, name, COPY),
      ratio(times, JSON_SHIFT, name),
    ]),
  }
}

function figuresOf(times) {
  return [
    { name: 'shift in place : copy', value: ratio(times, IN_PLACE, COPY), atMost: 2 },
    { name: 'protobufjs : shift', value: ratio(times, PROTOBUFJS, SHIFT), atLeast: 5 },
    { name: 'JSON : shift', value: ratio(times, JSON_SHIFT, SHIFT), atLeast: 15 },
  ]
}

function checkSameResult(type, ours, body, json) {
  const expected = JSON.stringify(asData(type, ours))
  if (expected === json) throw new Error('the shift changed nothing')
  if (JSON.stringify(asData(type, shiftByProtobufjs(type, body))) !== expected) {
    throw new Error('protobufjs and shiftTimes disagree')
  }
  if (shiftJson(json) !== expected) throw new Error('JSON and shiftTimes disagree')
}

function asData(type, bytes) {
  return type.toObject(type.decode(bytes), { longs: String, bytes: String })
}

function shiftJson(text) {
  const parsed = JSON.parse(text)
  visitTimed(parsed, (holder, name) => {
    if (holder[name] !== '0') holder[name] = String(BigInt(holder[name]) + OFFSET_NANOS)
  })
  return JSON.stringify(parsed)
}

function shiftByProtobufjs(type, bytes) {
  const { Long } = protobuf.util
  const offset = Long.fromString(String(OFFSET_NANOS), true)
  const request = type.decode(bytes)
  visitTimed(request, (holder, name) => {
    if (!holder[name].isZero()) holder[name] = holder[name].add(offset)
  })
  return type.encode(request).finish()
}

/** Calls `shift` for every time that these requests hold, by hand as a user would write it. */
function visitTimed(request, shift) {
  const own = (holder, name) => Object.hasOwn(holder, name) && shift(holder, name)
  for (const { scopeSpans } of request.resourceSpans ?? []) {
    for (const { spans } of scopeSpans) {
      for (const span of spans) {
        own(span, 'startTimeUnixNano')
        own(span, 'endTimeUnixNano')
        for (const event of span.events ?? []) own(event, 'timeUnixNano')
      }
    }
  }
  for (const { scopeMetrics } of request.resourceMetrics ?? []) {
    for (const { metrics } of scopeMetrics) {
      for (const { sum } of metrics) {
        for (const point of sum.dataPoints) {
          own(point, 'startTimeUnixNano')
          own(point, 'timeUnixNano')
        }
      }
    }
  }
  for (const { scopeLogs } of request.resourceLogs ?? []) {
    for (const { logRecords } of scopeLogs) {
      for (const record of logRecords) {
        own(record, 'timeUnixNano')
        own(record, 'observedTimeUnixNano')
      }
    }
  }
}

const resource = { attributes: [attribute('service.name', 'bench')] }
const START = 1_790_000_000_000_000_000n

function makeMetrics(points) {
  const dataPoints = Array.from({ length: points }, (_, at) => ({
    startTimeUnixNano: String(START),
    timeUnixNano: String(START + BigInt(at)),
    asInt: String(at + 1),
    attributes: [attribute('http.route', `/api/${at}`), attribute('http.request.method', 'GET')],
  }))
  const metrics = [{ name: 'http.requests', sum: { dataPoints, isMonotonic: true } }]
  return { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }
}

function makeLogs(records) {
  const logRecords = Array.from({ length: records }, (_, at) => ({
    timeUnixNano: String(START + BigInt(at)),
    observedTimeUnixNano: String(START + BigInt(at) + 1000n),
    severityNumber: 9,
    body: { stringValue: `order ${at} was placed` },
    attributes: [attribute('app.order.id', `order-${at}`), attribute('http.route', '/checkout')],
    traceId: Buffer.alloc(16, (at >> 3) + 1),
    spanId: Buffer.alloc(8, at + 1),
  }))
  return { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }
}

function attribute(key, stringValue) {
  return { key, value: { stringValue } }
}

function encode(signal, request) {
  const type = requestType(signal)
  return type.encode(type.fromObject(request)).finish()
}

function requestType(signal) {
  const [folder, name] = {
    traces: ['trace', 'Trace'],
    metrics: ['metrics', 'Metrics'],
    logs: ['logs', 'Logs'],
  }[signal]
  const protoRoot = dirname(require.resolve('@elastic/mockotlpserver/package.json'))
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) => join(protoRoot, target)
  root.loadSync(`opentelemetry/proto/collector/${folder}/v1/${folder}_service.proto`)
  return root.lookupType(`opentelemetry.proto.collector.${folder}.v1.Export${name}ServiceRequest`)
}

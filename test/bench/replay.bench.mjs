// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What replaying costs: CPU of a replay, unpaced, from a folder into a local OTLP backend in
// another process and into nothing, beside moving the times of as many spans by decoding them.

import { requestMaker } from './support/bench-requests.mjs'
import { countEntries } from './support/count-entries.mjs'
import { cpuSeconds, defineBench, medianOf, medianRatio, requireDist } from './support/harness.mjs'
import { startSink } from './support/otlp-sink.mjs'
import { withSession } from './support/record-session.mjs'
import { jsonOf, protobufShifter, shiftJson } from './support/shift-by-decoding.mjs'

const BATCH_SIZES = [512, 50, 10]
const OFFSET_NANOS = 1_000_000_000n
/** As many requests under way at a time as a replay has by default. */
const CONCURRENCY = 3
const ADJUSTMENTS = {
  none: { timestampAdjustment: 'none' },
  relative: { timestampAdjustment: 'relative' },
  current: { timestampAdjustment: 'current' },
  'relative, filtered by service': { timestampAdjustment: 'relative', filterServices: ['bench'] },
  'relative, other ids': { timestampAdjustment: 'relative', rewriteIds: 'bench' },
}

const JSON_SIDE = 'JSON parse, shift, stringify'
const PROTOBUFJS_SIDE = 'protobufjs decode, shift, encode'

export default defineBench({
  title: 'CPU of a replay, beside shifting times by decoding',
  options: { spans: 102_400, warmUpSeconds: 2, seconds: 1, rounds: 2 },
  sides: Object.fromEntries(BATCH_SIZES.flatMap((size) => Object.entries(sidesOf(size)))),
  report: (measured) => {
    const rows = Object.entries(measured).map(([side, samples]) => [
      side,
      ((medianOf(samples, 'cpuSeconds') / samples[0].items) * 1e6).toFixed(2),
      (samples[0].items / medianOf(samples, 'wallSeconds') / 1e6).toFixed(2),
      medianOf(samples, 'peakMegabytes').toFixed(0),
    ])
    const columns = ['side', 'CPU µs a span', 'million spans a second', 'MB above idle, peak']
    return { tables: [{ columns, rows }], figures: figuresOf(measured), notes: NOTES }
  },
})

const NOTES = [
  'over HTTP: startReplay into a server in another process, which counts the spans that arrive',
  'into nothing: replayDataStream, whose batches are counted and dropped',
  'spans of about 480 bytes with ids of their own; each side in a process of its own, warmed up for some seconds',
]

function sidesOf(size) {
  const group = `${size} spans a batch`
  const adjustments = size === BATCH_SIZES[0] ? Object.keys(ADJUSTMENTS) : ['relative']
  return {
    ...Object.fromEntries(
      adjustments.map((name) => [
        `${group}: over HTTP, ${name}`,
        (options) => replayOverHttp(options, size, ADJUSTMENTS[name]),
      ]),
    ),
    [`${group}: into nothing, relative`]: (options) => replayIntoNothing(options, size),
    [`${group}: ${JSON_SIDE}`]: (options) => shiftAll(options, size, jsonShift(size)),
    [`${group}: ${JSON_SIDE}, and send`]: (options) => shiftAndSendJson(options, size),
    [`${group}: ${PROTOBUFJS_SIDE}`]: (options) => shiftAll(options, size, protobufShift(size)),
  }
}

function figuresOf(measured) {
  return BATCH_SIZES.flatMap((size) => {
    const samples = (side) => measured[`${size} spans a batch: ${side}`]
    const replay = samples('over HTTP, relative')
    const ratio = (side, target) => ({
      name: `${size} spans a batch, spans per CPU second, replay over HTTP : ${side}`,
      value: medianRatio(samples(side), replay, 'cpuSeconds'),
      // What a request costs, however small, no way of shifting could make up for.
      ...(size === BATCH_SIZES[0] && target),
    })
    return [
      ratio(JSON_SIDE, { atLeast: 15 }),
      ratio(`${JSON_SIDE}, and send`),
      ratio(PROTOBUFJS_SIDE, { atLeast: 5 }),
    ]
  })
}

function replayOverHttp(options, size, adjustment) {
  const { dist } = options
  return withSession({ ...options, spansPerBatch: size }, (session) =>
    withSink((sink) => {
      const { startReplay } = requireDist({ dist })
      const config = { ...session, ...adjustment, targetEndpoint: sink.url }
      const replay = () => startReplay({ ...config, speedMultiplier: Infinity }).finished
      return measure(options, replay, async () => (await sink.take()).traces)
    }),
  )
}

function replayIntoNothing(options, size) {
  return withSession({ ...options, spansPerBatch: size }, (session) => {
    const { replayDataStream } = requireDist(options)
    let items = 0
    const replay = async () => {
      items = 0
      const config = { ...session, ...ADJUSTMENTS.relative, speedMultiplier: Infinity }
      for await (const batch of replayDataStream(config)) items += batch.itemCount
    }
    return measure(options, replay, () => items)
  })
}

/** One request, shifted over and over: no file is read, nothing is inflated, nothing sent. */
function shiftAll(options, size, { shift, spansIn }) {
  let items = 0
  const shiftRequests = async () => {
    items = 0
    let shifted
    for (let left = options.spans; left > 0; left -= size) {
      shifted = shift()
      items += size
    }
    if (spansIn(shifted) !== size) throw new Error('what was shifted is not what was given')
  }
  return measure(options, shiftRequests, () => items)
}

function jsonShift(size) {
  const json = jsonOf(requestMaker(size)())
  const spansIn = (text) => JSON.parse(text).resourceSpans[0].scopeSpans[0].spans.length
  return { shift: () => shiftJson(json, OFFSET_NANOS), spansIn }
}

function protobufShift(size) {
  const body = requestMaker(size)()
  const shiftTimes = protobufShifter()
  return { shift: () => shiftTimes(body, OFFSET_NANOS), spansIn: countEntries }
}

/** The same shifted as JSON, and posted as what comes out. */
function shiftAndSendJson(options, size) {
  const json = jsonOf(requestMaker(size)())
  return withSink((sink) => {
    const headers = { 'content-type': 'application/json' }
    const sendAll = async () => {
      let left = options.spans / size
      const send = async () => {
        while (left-- > 0) {
          const body = shiftJson(json, OFFSET_NANOS)
          const answer = await fetch(`${sink.url}/v1/traces`, { method: 'POST', headers, body })
          await answer.arrayBuffer()
        }
      }
      await Promise.all(Array.from({ length: CONCURRENCY }, send))
    }
    // The sink does not look into JSON: it counts requests.
    return measure(options, sendAll, async () => (await sink.take()).requests * size)
  })
}

async function withSink(work) {
  const sink = await startSink()
  try {
    return await work(sink)
  } finally {
    sink.stop()
  }
}

/**
 * A pass, on average, when all are warm: a replay in the first second of a process mostly
 * costs what it takes to compile it. The peak is that of all passes.
 */
async function measure({ warmUpSeconds, seconds }, pass, countItems) {
  const idleBytes = process.memoryUsage.rss()
  await passesFor(warmUpSeconds, pass, countItems)
  const sample = await passesFor(seconds, pass, countItems)
  const peakBytes = process.resourceUsage().maxRSS * 1024
  return { ...sample, peakMegabytes: Math.max(0, peakBytes - idleBytes) / 1e6 }
}

/** As many passes as begin in that many seconds of CPU; what one took, and did. */
async function passesFor(seconds, pass, countItems) {
  const taken = { items: 0, cpuSeconds: 0, wallSeconds: 0 }
  let passes = 0
  do {
    const startMillis = performance.now()
    taken.cpuSeconds += await cpuSeconds(pass)
    taken.wallSeconds += (performance.now() - startMillis) / 1000
    taken.items += await countItems()
    passes++
  } while (taken.cpuSeconds < seconds)
  return Object.fromEntries(Object.entries(taken).map(([name, sum]) => [name, sum / passes]))
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What replaying costs: spans per CPU second of a replay with `relative` times,
// unpaced, into a local OTLP backend in another process and into nothing, beside
// the plain way to move times: parse the same spans as JSON, shift, stringify.
// npm run build && node test/bench/replay.bench.mjs

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cpuSeconds, makeSpans, median } from './support/bench-spans.mjs'
import { startSink } from './support/otlp-sink.mjs'

const require = createRequire(import.meta.url)
const { values: args } = parseArgs({
  options: {
    dist: { type: 'string', default: '../../dist' },
    rounds: { type: 'string', default: '7' },
    spans: { type: 'string', default: '200000' },
    side: { type: 'string' },
  },
})
const { replayDataStream, startCapture, startReplay } = require(`${args.dist}/index.js`)
const { JsonTraceSerializer } = require('@opentelemetry/otlp-transformer')
const { resourceFromAttributes } = require('@opentelemetry/resources')
const {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} = require('@opentelemetry/sdk-trace')

const SPANS_PER_BATCH = 512
const batches = Math.ceil(Number(args.spans) / SPANS_PER_BATCH)
const SPANS = batches * SPANS_PER_BATCH

const SIDES = {
  'replay over HTTP': replayOverHttp,
  'replay into nothing': replayIntoNothing,
  'JSON parse, shift, stringify': shiftJson,
}

if (args.side) {
  const seconds = await SIDES[args.side]()
  console.log(seconds)
} else {
  compare()
}

// Each side in a process of its own: the garbage of one is not the other's to collect.
function compare() {
  const seconds = Object.fromEntries(Object.keys(SIDES).map((side) => [side, []]))
  for (let round = 0; round < Number(args.rounds); round++) {
    for (const side of Object.keys(SIDES)) seconds[side].push(measure(side))
  }
  const table = Object.entries(seconds).map(([side, spent]) => [
    side,
    { 'thousand spans per CPU second': Math.round(SPANS / median(spent) / 1000) },
  ])
  console.table(Object.fromEntries(table))
  const json = seconds['JSON parse, shift, stringify']
  for (const side of ['replay over HTTP', 'replay into nothing']) {
    const ratio = median(seconds[side].map((spent, round) => json[round] / spent))
    console.log(`${side} : JSON = ${ratio.toFixed(1)} (target: at least 15)`)
  }
}

function measure(side) {
  const parameters = [fileURLToPath(import.meta.url), '--side', side, '--dist', args.dist]
  return Number(execFileSync(process.execPath, [...parameters, '--spans', args.spans]))
}

function finishedSpans() {
  const exporter = new InMemorySpanExporter()
  const spanProcessors = [new SimpleSpanProcessor({ exporter })]
  const resource = resourceFromAttributes({ 'service.name': 'bench' })
  makeSpans(new TracerProvider({ resource, spanProcessors }).getTracer('bench'), SPANS_PER_BATCH)
  return exporter.getFinishedSpans()
}

/** Records a session, replays it twice to warm up, and measures the third time. */
async function withSession(replayOnce) {
  const folder = mkdtempSync(join(tmpdir(), 'otel-tape-bench-'))
  try {
    const capture = startCapture({ store: folder, sessionId: 'bench', maxSizeMB: 0 })
    const exporter = capture.spanExporter()
    const spans = finishedSpans()
    for (let batch = 0; batch < batches; batch++) {
      exporter.export(spans, () => undefined)
      if (batch % 50 === 0) await capture.flush()
    }
    const { capturedTraces } = await capture.stop()
    if (capturedTraces !== SPANS) throw new Error(`captured ${capturedTraces} of ${SPANS} spans`)
    const session = { sessionId: 'bench', store: folder }
    await replayOnce(session)
    await replayOnce(session)
    return await cpuSeconds(() => replayOnce(session))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function replayOverHttp() {
  const sink = await startSink()
  try {
    return await withSession(async (session) => {
      const target = { targetEndpoint: sink.url, speedMultiplier: Infinity }
      const { sentRecords } = await startReplay({ ...session, ...target }).finished
      if (sentRecords !== SPANS) throw new Error(`sent ${sentRecords} of ${SPANS} spans`)
    })
  } finally {
    sink.stop()
  }
}

function replayIntoNothing() {
  return withSession(async (session) => {
    let items = 0
    const options = { ...session, timestampAdjustment: 'relative', speedMultiplier: Infinity }
    for await (const batch of replayDataStream(options)) items += batch.itemCount
    if (items !== SPANS) throw new Error(`streamed ${items} of ${SPANS} spans`)
  })
}

/** Of fewer requests, counted up: it takes its time. */
async function shiftJson() {
  const calls = Math.min(batches, 60)
  const json = Buffer.from(JsonTraceSerializer.serializeRequest(finishedSpans())).toString()
  for (let call = 0; call < 10; call++) shiftRequest(json)
  const seconds = await cpuSeconds(() => {
    for (let call = 0; call < calls; call++) shiftRequest(json)
  })
  return seconds * (batches / calls)
}

function shiftRequest(json) {
  const request = JSON.parse(json)
  const move = (time) => String(BigInt(time) + 1_000_000_000n)
  for (const { scopeSpans } of request.resourceSpans) {
    for (const { spans } of scopeSpans) {
      for (const span of spans) {
        span.startTimeUnixNano = move(span.startTimeUnixNano)
        span.endTimeUnixNano = move(span.endTimeUnixNano)
        for (const event of span.events) event.timeUnixNano = move(event.timeUnixNano)
      }
    }
  }
  return JSON.stringify(request)
}

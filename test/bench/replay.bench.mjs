// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What replaying costs: spans per CPU second of a replay with `relative` times,
// unpaced, into a local OTLP backend in another process, beside the plain way to
// move times: parse the same spans as JSON, shift, stringify.
// npm run build && node test/bench/replay.bench.mjs

import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cpuSeconds, makeSpans, median } from './support/bench-spans.mjs'
import { startSink } from './support/otlp-sink.mjs'

const require = createRequire(import.meta.url)
const { values: args } = parseArgs({
  options: {
    dist: { type: 'string', default: '../../dist' },
    rounds: { type: 'string', default: '7' },
    spans: { type: 'string', default: '200000' },
  },
})
const { startCapture, startReplay } = require(`${args.dist}/index.js`)
const { JsonTraceSerializer } = require('@opentelemetry/otlp-transformer')
const { resourceFromAttributes } = require('@opentelemetry/resources')
const {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} = require('@opentelemetry/sdk-trace')

const SPANS = Number(args.spans)
const SPANS_PER_BATCH = 512
const JSON_CALLS = 40
const batches = Math.ceil(SPANS / SPANS_PER_BATCH)
const folder = mkdtempSync(join(tmpdir(), 'otel-tape-bench-'))
const sink = await startSink()
try {
  const spans = finishedSpans()
  await record(spans)
  const json = Buffer.from(JsonTraceSerializer.serializeRequest(spans)).toString()
  const seconds = { replay: [], json: [] }
  for (let round = -1; round < Number(args.rounds); round++) {
    const replay = await cpuSeconds(replayOnce)
    const parsed = (await cpuSeconds(() => shiftJson(json))) * (batches / JSON_CALLS)
    if (round < 0) continue
    seconds.replay.push(replay)
    seconds.json.push(parsed)
  }
  report(seconds)
} finally {
  sink.stop()
  rmSync(folder, { recursive: true, force: true })
}

function finishedSpans() {
  const exporter = new InMemorySpanExporter()
  const spanProcessors = [new SimpleSpanProcessor({ exporter })]
  const resource = resourceFromAttributes({ 'service.name': 'bench' })
  makeSpans(new TracerProvider({ resource, spanProcessors }).getTracer('bench'), SPANS_PER_BATCH)
  return exporter.getFinishedSpans()
}

async function record(spans) {
  const capture = startCapture({ store: folder, sessionId: 'bench', maxSizeMB: 0 })
  const exporter = capture.spanExporter()
  for (let batch = 0; batch < batches; batch++) {
    exporter.export(spans, () => undefined)
    if (batch % 50 === 0) await capture.flush()
  }
  const { capturedTraces } = await capture.stop()
  if (capturedTraces !== batches * SPANS_PER_BATCH) throw new Error(`captured ${capturedTraces}`)
}

async function replayOnce() {
  const replay = startReplay({
    sessionId: 'bench',
    store: folder,
    targetEndpoint: sink.url,
    speedMultiplier: Infinity,
  })
  const { sentRecords } = await replay.finished
  if (sentRecords !== batches * SPANS_PER_BATCH) throw new Error(`sent ${sentRecords}`)
}

function shiftJson(json) {
  for (let call = 0; call < JSON_CALLS; call++) {
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
    JSON.stringify(request)
  }
}

function report(seconds) {
  const perSecond = (spent) => Math.round((batches * SPANS_PER_BATCH) / median(spent) / 1000)
  console.table({
    'replay, relative, unpaced, over HTTP': {
      'thousand spans per CPU second': perSecond(seconds.replay),
    },
    'JSON parse, shift, stringify': { 'thousand spans per CPU second': perSecond(seconds.json) },
  })
  const ratios = seconds.replay.map((spent, round) => seconds.json[round] / spent)
  console.log(`replay : JSON = ${median(ratios).toFixed(1)} (target: at least 15)`)
}

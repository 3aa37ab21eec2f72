// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What capturing costs: CPU of making, batching and exporting the same spans to
// the same local sink, with the plain OTLP/proto exporter and with it wrapped.
// Also what a stored span takes, beside one gzip for each one-span batch.
// npm run build && node test/bench/capture.bench.mjs

import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { cpuSeconds, makeSpans, median } from './support/bench-spans.mjs'
import { startSink } from './support/otlp-sink.mjs'

const require = createRequire(import.meta.url)
const { values: args } = parseArgs({
  options: {
    dist: { type: 'string', default: '../../dist' },
    rounds: { type: 'string', default: '9' },
    spans: { type: 'string', default: '40000' },
  },
})
const { startCapture } = require(`${args.dist}/index.js`)
const { encodeSpans } = require(`${args.dist}/otlp/encode-spans.js`)
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto')
const { resourceFromAttributes } = require('@opentelemetry/resources')
const {
  BatchSpanProcessor,
  SimpleSpanProcessor,
  TracerProvider,
} = require('@opentelemetry/sdk-trace')

const SPANS = Number(args.spans)
const resource = resourceFromAttributes({ 'service.name': 'bench' })
const folder = mkdtempSync(join(tmpdir(), 'otel-tape-bench-'))
const sink = await startSink()
try {
  await compareCost()
  await compareSize()
} finally {
  sink.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function compareCost() {
  const seconds = { plain: [], captured: [] }
  for (let round = -2; round < Number(args.rounds); round++) {
    const order = round % 2 === 0 ? ['plain', 'captured'] : ['captured', 'plain']
    for (const side of order) {
      const spent = await cpuSeconds(() => run(side === 'captured', round))
      if (round >= 0) seconds[side].push(spent)
    }
  }
  const ratios = seconds.plain.map((plain, round) => seconds.captured[round] / plain)
  console.table({
    'plain OTLP/proto exporter': { 'µs of CPU a span': perSpan(seconds.plain) },
    'the same, captured into a folder': { 'µs of CPU a span': perSpan(seconds.captured) },
  })
  console.log(`captured : plain = ${median(ratios).toFixed(2)} (target: at most 1.3)`)
}

async function run(isCaptured, round) {
  const capture = isCaptured
    ? startCapture({ store: folder, sessionId: `bench-${round + 10}`, maxSizeMB: 0 })
    : undefined
  const inner = new OTLPTraceExporter({ url: `${sink.url}/v1/traces` })
  const exporter = capture ? capture.spanExporter(inner) : inner
  const processor = new BatchSpanProcessor({ exporter, maxQueueSize: 4096 })
  const provider = new TracerProvider({ resource, spanProcessors: [processor] })
  const tracer = provider.getTracer('bench')
  for (let made = 0; made < SPANS; made += 2048) {
    makeSpans(tracer, Math.min(2048, SPANS - made))
    await provider.forceFlush()
  }
  await provider.shutdown()
  const metadata = await capture?.stop()
  if (capture && metadata.capturedTraces !== SPANS) {
    throw new Error(`captured ${metadata.capturedTraces} of ${SPANS} spans`)
  }
}

function perSpan(seconds) {
  return Number(((median(seconds) / SPANS) * 1e6).toFixed(2))
}

async function compareSize() {
  const count = 10_000
  let oneByOneBytes = 0
  const capture = startCapture({ store: folder, sessionId: 'size' })
  const captured = capture.spanExporter({
    export: (spans, done) => {
      oneByOneBytes += gzipSync(encodeSpans(spans)).length
      done({ code: 0 })
    },
    shutdown: async () => undefined,
  })
  const spanProcessors = [new SimpleSpanProcessor({ exporter: captured })]
  makeSpans(new TracerProvider({ resource, spanProcessors }).getTracer('bench'), count)
  const { capturedTraces, totalSizeBytes } = await capture.stop()
  if (capturedTraces !== count) throw new Error(`captured ${capturedTraces} of ${count} spans`)
  console.table({
    'one gzip for each one-span batch': { 'bytes a span': Math.round(oneByOneBytes / count) },
    'stored session': { 'bytes a span': Math.round(totalSizeBytes / count) },
  })
  console.log(
    `stored : one by one = ${(totalSizeBytes / oneByOneBytes).toFixed(3)} (target: at most 0.15)`,
  )
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What capturing does to an app under load: the delay of its event loop and its
// resident memory, beside the same app with the plain exporter.
// npm run build && node test/bench/app-under-load.bench.mjs [--spans 1000000]

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { makeSpans, median } from './support/bench-spans.mjs'
import { startSink } from './support/otlp-sink.mjs'

const require = createRequire(import.meta.url)
const { values: args } = parseArgs({
  options: {
    dist: { type: 'string', default: '../../dist' },
    rounds: { type: 'string', default: '3' },
    spans: { type: 'string', default: '100000' },
    side: { type: 'string' },
  },
})
const SPANS = Number(args.spans)
const SPANS_PER_TICK = 100
const TICK_MILLIS = 2
const SIDES = ['plain', 'captured']

if (args.side) console.log(JSON.stringify(await runApp(args.side === 'captured')))
else compare()

function compare() {
  const runs = { plain: [], captured: [] }
  for (let round = 0; round < Number(args.rounds); round++) {
    for (const side of SIDES) runs[side].push(measure(side))
  }
  const rows = SIDES.map((side) => [
    side,
    {
      'event loop p99, ms': middle(runs[side], 'p99Millis'),
      'resident MB above idle': middle(runs[side], 'megabytes'),
    },
  ])
  console.table(Object.fromEntries(rows))
  const added = middle(runs.captured, 'p99Millis') - middle(runs.plain, 'p99Millis')
  console.log(`capture adds ${added.toFixed(2)} ms to the p99 (target: at most 2)`)
  console.log('resident memory: target at most 100 MB above idle, for a million spans')
}

function measure(side) {
  const parameters = [fileURLToPath(import.meta.url), '--side', side, '--dist', args.dist]
  return JSON.parse(execFileSync(process.execPath, [...parameters, '--spans', args.spans]))
}

function middle(runs, figure) {
  return Number(median(runs.map((run) => run[figure])).toFixed(2))
}

async function runApp(isCaptured) {
  const { startCapture } = require(`${args.dist}/index.js`)
  const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto')
  const { BatchSpanProcessor, TracerProvider } = require('@opentelemetry/sdk-trace')
  const folder = mkdtempSync(join(tmpdir(), 'otel-tape-bench-'))
  const sink = await startSink()
  const idleBytes = process.memoryUsage.rss()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  try {
    const capture = isCaptured
      ? startCapture({ store: folder, sessionId: 'load', maxSizeMB: 0 })
      : undefined
    const inner = new OTLPTraceExporter({ url: `${sink.url}/v1/traces` })
    const exporter = capture ? capture.spanExporter(inner) : inner
    const options = { exporter, maxQueueSize: 8192, scheduledDelayMillis: 100 }
    const spanProcessors = [new BatchSpanProcessor(options)]
    const provider = new TracerProvider({ spanProcessors })
    const tracer = provider.getTracer('bench')
    let residentBytes = 0
    delay.enable()
    for (let made = 0; made < SPANS; made += SPANS_PER_TICK) {
      makeSpans(tracer, SPANS_PER_TICK)
      residentBytes = Math.max(residentBytes, process.memoryUsage.rss())
      await sleep(TICK_MILLIS)
    }
    delay.disable()
    await provider.shutdown()
    const captured = (await capture?.stop())?.capturedTraces ?? SPANS
    if (captured !== SPANS) throw new Error(`captured ${captured} of ${SPANS} spans`)
    return {
      p99Millis: delay.percentile(99) / 1e6,
      megabytes: (residentBytes - idleBytes) / 1e6,
    }
  } finally {
    sink.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

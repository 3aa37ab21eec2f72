// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What capturing does to an app under load: the delay of its event loop, and its resident
// memory, beside the same app with the plain exporter.

import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeSpans } from './support/bench-spans.mjs'
import { cpuSeconds, defineBench, median, medianOf, requireDist } from './support/harness.mjs'
import { startSink } from './support/otlp-sink.mjs'

const require = createRequire(import.meta.url)
const SPANS_PER_TICK = 100
const TICK_MILLIS = 2
const SPANS_PER_TURN = 2048

export default defineBench({
  title: 'Event-loop delay and memory that capturing adds to an app under load',
  options: { rounds: 3, spans: 100_000, warmUpSpans: 20_000, memorySpans: 1_000_000 },
  sides: {
    'delay: plain': (options) => measureDelay(false, options),
    'delay: captured': (options) => measureDelay(true, options),
    'memory: plain': (options) => measureMemory(false, options),
    'memory: captured': (options) => measureMemory(true, options),
  },
  report: (measured, { spans, memorySpans }) => {
    const of = (side, key) => medianOf(measured[side], key)
    const delays = ['plain', 'captured'].map((kind) => [
      kind,
      ...['p50Millis', 'p99Millis', 'maxMillis'].map((key) => of(`delay: ${kind}`, key).toFixed(2)),
    ])
    const memory = ['plain', 'captured'].map((kind) => [
      kind,
      of(`memory: ${kind}`, 'peakMegabytes').toFixed(0),
      of(`memory: ${kind}`, 'endMegabytes').toFixed(0),
    ])
    const added = measured['delay: captured'].map(
      ({ p99Millis }, round) => p99Millis - measured['delay: plain'][round].p99Millis,
    )
    return {
      tables: [
        {
          title: `Event-loop delay, ${spans} spans, ${SPANS_PER_TICK} every ${TICK_MILLIS} ms`,
          columns: ['', 'p50 ms', 'p99 ms', 'max ms'],
          rows: delays,
        },
        {
          title: `Resident memory above idle, ${memorySpans} spans as fast as they go`,
          columns: ['', 'peak MB', 'at the end MB'],
          rows: memory,
        },
      ],
      figures: [
        { name: 'p99 that capture adds', value: median(added), unit: 'ms', atMost: 2 },
        {
          name: 'peak above idle, captured',
          value: of('memory: captured', 'peakMegabytes'),
          unit: 'MB',
          atMost: 100,
        },
      ],
    }
  },
})

function measureDelay(isCaptured, { dist, spans, warmUpSpans }) {
  return withApp({ isCaptured, dist }, async ({ runLoad, sink }) => {
    const makeAtPace = (count) => async (tracer) => {
      for (let made = 0; made < count; made += SPANS_PER_TICK) {
        makeSpans(tracer, SPANS_PER_TICK)
        await sleep(TICK_MILLIS)
      }
    }
    await runLoad('warm-up', makeAtPace(warmUpSpans))
    await sink.take()
    const delay = monitorEventLoopDelay({ resolution: 1 })
    const seconds = await cpuSeconds(() =>
      runLoad('measured', async (tracer) => {
        delay.enable()
        await makeAtPace(spans)(tracer)
        delay.disable()
      }),
    )
    return {
      items: (await sink.take()).traces,
      cpuSeconds: seconds,
      p50Millis: delay.percentile(50) / 1e6,
      p99Millis: delay.percentile(99) / 1e6,
      maxMillis: delay.max / 1e6,
    }
  })
}

function measureMemory(isCaptured, { dist, memorySpans }) {
  return withApp({ isCaptured, dist }, async ({ runLoad, sink }) => {
    const idleBytes = process.memoryUsage.rss()
    let peakBytes = idleBytes
    const seconds = await cpuSeconds(() =>
      runLoad('measured', async (tracer, provider) => {
        for (let made = 0; made < memorySpans; made += SPANS_PER_TURN) {
          makeSpans(tracer, Math.min(SPANS_PER_TURN, memorySpans - made))
          await provider.forceFlush()
          peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
        }
      }),
    )
    return {
      items: (await sink.take()).traces,
      cpuSeconds: seconds,
      peakMegabytes: (peakBytes - idleBytes) / 1e6,
      endMegabytes: (process.memoryUsage.rss() - idleBytes) / 1e6,
    }
  })
}

/** An idle app: everything is loaded, and nothing was traced yet. */
async function withApp({ isCaptured, dist }, measure) {
  const { startCapture } = requireDist({ dist })
  const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto')
  const { BatchSpanProcessor, TracerProvider } = require('@opentelemetry/sdk-trace')
  const folder = mkdtempSync(join(tmpdir(), 'otel-tape-bench-'))
  const sink = await startSink()
  const runLoad = async (sessionId, load) => {
    const capture = isCaptured
      ? startCapture({ store: folder, sessionId, maxSizeMB: 0 })
      : undefined
    const inner = new OTLPTraceExporter({ url: `${sink.url}/v1/traces` })
    const exporter = capture ? capture.spanExporter(inner) : inner
    const options = { exporter, maxQueueSize: 8192, scheduledDelayMillis: 100 }
    const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor(options)] })
    await load(provider.getTracer('bench'), provider)
    await provider.shutdown()
    const metadata = await capture?.stop()
    if (metadata && metadata.signals.traces.droppedItems > 0) {
      throw new Error(`the capture dropped ${metadata.signals.traces.droppedItems} spans`)
    }
  }
  try {
    return await measure({ runLoad, sink })
  } finally {
    sink.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

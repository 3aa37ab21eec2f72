// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An app whose machine has run out of something for a while, in the middle. It says in the end what
// its spans became, by what it counted itself and by what lies in the store.
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { SpanExporter } from '@opentelemetry/sdk-trace-base'
import { startCapture } from '../../../src/capture/start-capture'
import { FileStore } from '../../../src/storage/file-store'
import { contentOf } from '../../support/write-ahead'

const [folder, shortage] = process.argv.slice(2)
const SPANS_BEFORE = 50
const SPANS_DURING = 800
const SPANS_AFTER = 50

/** What the machine runs out of; returns what gives it back. */
const shortages: Record<string, () => () => void> = {
  disk: () => {
    const path = join(folder, 'filler')
    const file = openSync(path, 'w')
    until('ENOSPC', () => void writeSync(file, randomBytes(1_024)))
    closeSync(file)
    return () => rmSync(path)
  },
  handles: () => {
    const held: number[] = []
    until('EMFILE', () => void held.push(openSync('/dev/null', 'r')))
    return () => held.forEach((file) => closeSync(file))
  },
  /** Of files larger than the limit that this process was started with. Nobody gives it back. */
  'file size': () => () => undefined,
}

function until(code: string, take: () => void): void {
  try {
    for (;;) take()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== code) throw error
  }
}

async function main(): Promise<void> {
  const capture = startCapture({
    ...{ store: folder, sessionId: 'pressed', flushIntervalMillis: 50 },
    ...{ maxQueueBytes: 512 * 1024, stopTimeoutMillis: 2_000 },
  })
  const exported = { ok: 0, failed: 0 }
  const backend: SpanExporter = {
    export: (spans, done) => {
      exported.ok += spans.length
      done({ code: 0 })
    },
    shutdown: async () => undefined,
  }
  const counting = capture.spanExporter(backend)
  const exporter: SpanExporter = {
    export: (spans, done) =>
      counting.export(spans, (result) => {
        if (result.code !== 0) exported.failed += spans.length
        done(result)
      }),
    shutdown: () => counting.shutdown(),
  }
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  let made = 0
  const makeSpans = async (count: number): Promise<void> => {
    const tracer = provider.getTracer('pressed')
    for (const last = made + count; made < last;) {
      const attributes = { payload: randomBytes(700).toString('base64') }
      tracer.startSpan(`span ${++made}`, { attributes }).end()
      // The timers of the capture have their turn, but where segments are to get large.
      if (made % 20 === 0 && shortage !== 'file size') await sleep(10)
    }
  }
  await capture.ready
  await makeSpans(SPANS_BEFORE)
  await capture.flush().catch(() => undefined)
  const giveBack = shortages[shortage]()
  await makeSpans(SPANS_DURING)
  giveBack()
  await makeSpans(SPANS_AFTER)
  await provider.forceFlush()
  const { status, signals } = await capture.stop()
  const { names } = await contentOf(new FileStore(folder), 'pressed')
  const outcome = {
    ...{ made, exported: exported.ok, failed: exported.failed, status },
    ...{ dropped: signals.traces.droppedItems, counted: signals.traces.items },
    ...{ stored: names.length, distinct: new Set(names).size },
  }
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`)
  process.exitCode = 1
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An app under HTTP instrumentation that calls itself, captured into the store given.
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { context, trace } from '@opentelemetry/api'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { startCapture } from '../../../src/capture/start-capture'

const [store, sessionId, requests] = process.argv.slice(2)

async function main(): Promise<void> {
  // Before the SDK is set up: the first store calls begin without a context manager.
  const capture = startCapture({ store, sessionId, flushIntervalMillis: 20 })
  const exporter = capture.spanExporter()
  const processor = new BatchSpanProcessor({ exporter, scheduledDelayMillis: 10 })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const tracerProvider = new TracerProvider({ spanProcessors: [processor] })
  trace.setGlobalTracerProvider(tracerProvider)
  new HttpInstrumentation().setTracerProvider(tracerProvider)
  // Only now, so that it is instrumented.
  const { createServer, get } = require('node:http') as typeof import('node:http')
  const server = createServer((_, response) => response.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  for (let request = 0; request < Number(requests); request++) {
    await new Promise<void>((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '/app' }, (response) => {
        response.resume().on('end', resolve)
      }).on('error', reject)
    })
    // Lets flushes of the capture's own timer fall in between.
    await sleep(10)
  }
  await trace.getTracer('app').startActiveSpan('flush inside of a span', async (span) => {
    await capture.flush()
    span.end()
  })
  server.close()
  await tracerProvider.shutdown()
  await capture.stop()
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`)
  process.exitCode = 1
})

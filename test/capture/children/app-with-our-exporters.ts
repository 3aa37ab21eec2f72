// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An app under HTTP instrumentation that exports with our exporters to the backend given. Tells
// which modules were loaded before its first export.
import type { AddressInfo } from 'node:net'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { startCapture } from '../../../src/capture/start-capture'

const [store, url, requests] = process.argv.slice(2)

async function main(): Promise<void> {
  const before = loaded()
  const capture = startCapture({ store, sessionId: 'app' })
  const { traces } = capture.otlpExporters({ url })
  await capture.ready
  const madeOnly = loaded().filter((name) => !before.includes(name))

  const { HttpInstrumentation } =
    require('@opentelemetry/instrumentation-http') as typeof import('@opentelemetry/instrumentation-http')
  const { BatchSpanProcessor, TracerProvider } =
    require('@opentelemetry/sdk-trace') as typeof import('@opentelemetry/sdk-trace')
  const processor = new BatchSpanProcessor({ exporter: traces, scheduledDelayMillis: 10 })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const tracerProvider = new TracerProvider({ spanProcessors: [processor] })
  trace.setGlobalTracerProvider(tracerProvider)
  new HttpInstrumentation().setTracerProvider(tracerProvider)
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
    // Exports while a span is active as well.
    await trace.getTracer('app').startActiveSpan('work', async (span) => {
      span.end()
      await processor.forceFlush()
    })
  }
  server.close()
  await tracerProvider.shutdown()
  const { capturedTraces } = await capture.stop()
  process.send?.({ madeOnly, capturedTraces })
  process.disconnect()
}

const WATCHED = ['http', 'https', 'zlib', 'undici', 'minio']

function loaded(): string[] {
  const native = (process as unknown as { moduleLoadList: string[] }).moduleLoadList
  const files = Object.keys(require.cache)
  return WATCHED.filter(
    (name) =>
      native.includes(`NativeModule ${name}`) ||
      files.some((path) => path.replaceAll('\\', '/').includes(`node_modules/${name}/`)),
  )
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`)
  process.exitCode = 1
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An instrumented app that uses a store, before its SDK starts and after, and
// tells which requests its own instrumentation has traced.
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { SpanKind } from '@opentelemetry/api'
import { NodeSDK, tracing } from '@opentelemetry/sdk-node'
import { buffer } from 'node:stream/consumers'
import { openStore } from '../../../src/storage/open-store'

const [controlUrl, MINIO_ENDPOINT, MINIO_ACCESS_KEY, MINIO_SECRET_KEY] = process.argv.slice(2)

async function main(): Promise<void> {
  process.env.OTEL_METRICS_EXPORTER = 'none'
  process.env.OTEL_LOGS_EXPORTER = 'none'
  const exporter = new tracing.InMemorySpanExporter()
  const sdk = new NodeSDK({
    spanProcessors: [new tracing.SimpleSpanProcessor(exporter)],
    instrumentations: [new HttpInstrumentation()],
  })
  const alive = setInterval(() => {}, 1000)
  const store = openStore('s3://bucket', {
    MINIO_ENDPOINT,
    MINIO_ACCESS_KEY,
    MINIO_SECRET_KEY,
  })
  const begunBefore = store.put('begun/before', Buffer.from('x'))
  const streamedBefore = store.read('there/already')
  const listedBefore = store.list('')[Symbol.asyncIterator]()
  process.send?.('begun')
  process.once('message', () => {
    sdk.start()
    finish().catch((error: unknown) => {
      process.stderr.write(String(error))
      process.exit(1)
    })
  })

  async function finish(): Promise<void> {
    await begunBefore
    await buffer(streamedBefore)
    await listedBefore.next()
    await store.put('object', Buffer.from('x'), { ifAbsent: true })
    await store.get('object')
    await buffer(store.read('object'))
    await store.head('object')
    for await (const info of store.list('')) void info
    for await (const folder of store.listFolders('')) void folder
    await store.delete('object')
    await store.check()
    await store.close()
    // The app's own request, which proves that the instrumentation works.
    const http = require('node:http') as typeof import('node:http')
    await new Promise((resolve) =>
      http.get(controlUrl, (response) => response.resume()).on('close', resolve),
    )
    const requestsTraced = () =>
      exporter
        .getFinishedSpans()
        .filter(({ kind }) => kind === SpanKind.CLIENT)
        .map(({ attributes }) => attributes['http.url'] ?? attributes['url.full'])
    // A span ends a moment after its request.
    while (!requestsTraced().includes(controlUrl)) await new Promise(setImmediate)
    process.send?.(requestsTraced())
    await sdk.shutdown()
    clearInterval(alive)
  }
}

void main()

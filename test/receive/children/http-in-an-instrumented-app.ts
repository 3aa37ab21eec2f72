// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'

// An app that traces its HTTP servers, and has a receiver in its own process. Tells which
// spans came of a request to the app and of one to the receiver.

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
trace.setGlobalTracerProvider(provider)
new HttpInstrumentation().setTracerProvider(provider)

async function main(): Promise<void> {
  // Only now, as the instrumentation patches what is loaded after it.
  const http = require('node:http') as typeof import('node:http')
  const { startHttpEndpoint } =
    require('../../../src/receive/http-endpoint') as typeof import('../../../src/receive/http-endpoint')
  const { MemoryBudget } =
    require('../../../src/receive/memory-budget') as typeof import('../../../src/receive/memory-budget')

  const app = http.createServer((_request, response) => response.end())
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  const { port } = app.address() as import('node:net').AddressInfo
  const endpoint = await startHttpEndpoint({
    host: '127.0.0.1',
    port: 0,
    budget: new MemoryBudget(1_000),
    maxRequestBytes: 1_000,
    maxConnections: 10,
    corsOrigins: [],
    onRefused: () => {},
    intake: {
      take: async () => {
        // What an intake does may be traced, too.
        await new Promise(setImmediate)
        trace.getTracer('intake').startSpan('take').end()
        return { rejectedItems: 0, message: '' }
      },
    },
  })
  await fetch(`http://127.0.0.1:${port}/app`)
  const headers = { 'content-type': 'application/json' }
  const url = `http://${endpoint.address}/v1/traces`
  const { status } = await fetch(url, { method: 'POST', headers, body: '{}' })
  app.closeAllConnections()
  app.close()
  await endpoint.close(AbortSignal.timeout(1_000))
  const spans = exporter
    .getFinishedSpans()
    .map(({ name, attributes }) => [name, attributes['http.target'] ?? attributes['url.path']])
  process.send?.({ status, spans })
}

void main().then(() => process.disconnect())

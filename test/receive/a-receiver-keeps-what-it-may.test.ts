// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createOtlpReceiver } from '../../src/receive/create-otlp-receiver'
import type { OtlpReceiverOptions } from '../../src/receive/receiver-options'
import { MemoryStore } from '../../src/storage/memory-store'
import { encodeRequestJson, type JsonObject } from '../support/arbitrary-otlp'
import { decodeIndependently } from '../support/independent-decoder'
import { type OtlpBackend, startOtlpBackend } from '../support/otlp-backend'
import { readAll } from '../support/recording'
import { TroubledStore } from '../support/stores/troubled-store'
import { post, startReceiver, stopReceivers, temporaryFolder } from './receiving'

let backend: OtlpBackend
beforeEach(async () => {
  backend = await startOtlpBackend()
})
afterEach(async () => {
  await stopReceivers()
  await backend.close()
})

const SECRET = 'tok_4711_c0ffee'
const KEPT = 'f'.repeat(32)
const SAMPLED_OUT = `${'f'.repeat(18)}${'0'.repeat(13)}1`

function spansOf(service: string, ...spans: JsonObject[]): JsonObject {
  const value = { stringValue: service }
  return {
    resource: { attributes: [{ key: 'service.name', value }] },
    scopeSpans: [{ spans }],
  }
}

function traces(...resourceSpans: JsonObject[]) {
  return { signal: 'traces', body: encodeRequestJson('traces', { resourceSpans }) } as const
}

test('what is redacted and sampled out is nowhere: not in the write-ahead folder, not in the store', async () => {
  const store = new TroubledStore('down')
  const writeAheadFolder = await temporaryFolder()
  const receiver = await startReceiver({
    store,
    writeAheadFolder,
    sessionId: 'kept',
    forward: backend.url,
    redact: { values: [/tok_\w+/], attributeKeys: ['user'] },
    sampling: { ratio: 0.5 },
  })
  const user = { key: 'user', value: { stringValue: 'jane' } }
  const batch = traces(
    spansOf('shop', { traceId: KEPT, name: `GET /${SECRET}`, attributes: [user] }),
    spansOf(`only ${SECRET}`, { traceId: SAMPLED_OUT, name: 'gone' }, { traceId: SAMPLED_OUT }),
  )
  expect((await post(receiver, batch)).status).toBe(200)

  const ahead = await filesIn(writeAheadFolder)
  expect(ahead).toContain('GET /[REDACTED]')
  expect(ahead).not.toMatch(/tok_4711|jane|gone/)

  store.trouble = 'none'
  expect(receiver.status().received.traces).toMatchObject({ items: 3, bytes: batch.body.length })
  const [metadata] = await receiver.stop()
  expect(metadata.serviceNames).toEqual(['shop'])
  expect(metadata.signals.traces).toMatchObject({ items: 1, sampledOutItems: 2, droppedItems: 0 })
  const [{ body }] = await readAll({ store: store.inner, sessionId: 'kept' })
  expect(decodeIndependently('traces', body)).toMatchObject({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                name: 'GET /[REDACTED]',
                attributes: [{ key: 'user', value: { stringValue: '[REDACTED]' } }],
              },
            ],
          },
        ],
      },
    ],
  })
  // What is passed on stays as it came.
  expect(backend.received.traces.map((forwarded) => forwarded.equals(batch.body))).toEqual([true])
})

test('each session counts what sampling left out of its own', async () => {
  const store = new MemoryStore()
  const sampling = { ratio: 0.5 }
  const receiver = await startReceiver({ store, sessionBy: 'service.name', sampling })
  const both = traces(
    spansOf('a', { traceId: KEPT }, { traceId: SAMPLED_OUT }),
    spansOf('b', { traceId: SAMPLED_OUT }, { traceId: SAMPLED_OUT }),
  )
  expect((await post(receiver, both)).status).toBe(200)
  const sessions = new Map((await receiver.stop()).map((session) => [session.sessionId, session]))
  expect(sessions.get('a')?.signals.traces).toMatchObject({ items: 1, sampledOutItems: 1 })
  expect(sessions.get('b')?.signals.traces).toMatchObject({ items: 0, sampledOutItems: 2 })
})

test('what can not be read through is refused, and nothing of it is kept', async () => {
  const store = new MemoryStore()
  const redact = { values: [/tok_\w+/] }
  const receiver = await startReceiver({ store, sessionId: 'refused', redact })
  const attributes = [{ key: 'a', value: { stringValue: 'b' } }]
  const { signal, body } = traces(spansOf('shop', { name: SECRET, attributes }))
  const damaged = Buffer.from(body)
  damaged[damaged.indexOf('0a0162', 'hex') + 1] = 100
  const answer = await post(receiver, { signal, body: damaged })
  expect(answer.status).toBe(400)
  const [metadata] = await receiver.stop()
  expect(metadata.signals.traces.items).toBe(0)
  expect(receiver.status().refusedRequests.get(400)).toBe(1)
})

test.each<[OtlpReceiverOptions, RegExp]>([
  [{ redact: { values: [''] } }, /'redact.values\[0\]' has to be a RegExp or a string/],
  [{ redact: SECRET as never }, /'redact' has to be an object/],
  [{ redact: { values: SECRET as never } }, /'redact.values' has to be a list/],
  [{ sampling: { ratio: -1 } }, /'sampling.ratio' has to be a number from 0 to 1, got -1/],
])('%j is a wrong option, and no secret is told', async (options, message) => {
  const failure = await failureOf(createOtlpReceiver({ ...options, store: 'memory:' }))
  expect(failure).toMatchObject({
    reason: 'InvalidConfig',
    message: expect.stringMatching(message) as string,
  })
  expect(inspect(failure)).not.toContain(SECRET)
})

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  )
}

async function filesIn(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const texts = await Promise.all(
    // One that is being replaced has another name before and after.
    files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1').catch(() => '')),
  )
  return texts.join('\n')
}

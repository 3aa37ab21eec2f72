// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { startCapture } from '../../src/capture/start-capture'
import { SIGNALS } from '../../src/otlp/signal'
import { MemoryStore } from '../../src/storage/memory-store'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { makeBatch, readAll, recordSession } from '../support/recording'

test('any request with unknown fields, exemplars and summaries comes back as it was', async () => {
  const batches = fc.constantFrom(...SIGNALS).chain((signal) =>
    arbitraryRequestBytes(signal, { unknownFields: true, anyOrder: true })
      .filter((body) => body.length > 0)
      .map((body) => ({ signal, body })),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(batches, { minLength: 1, maxLength: 10 }), async (given) => {
      const store = new MemoryStore()
      const capture = startCapture({ store, sessionId: 'raw' })
      for (const { body, signal } of given) await capture.captureOTLPData(body, signal)
      await capture.stop()
      const read = await readAll({ store, sessionId: 'raw' })
      for (const signal of SIGNALS) {
        expect(read.filter((b) => b.signal === signal).map((b) => Buffer.from(b.body))).toEqual(
          given.filter((b) => b.signal === signal).map((b) => Buffer.from(b.body)),
        )
      }
    }),
    { numRuns: 30 },
  )
})

test('it resolves to a reference to the segment that holds it', async () => {
  const store = new MemoryStore()
  const capture = startCapture({ store, sessionId: 'reference' })
  const { body } = makeBatch('metrics', { names: ['a', 'b', 'c'] })
  const reference = await capture.captureOTLPData(body, 'metrics')
  const { key, timestamp, ...rest } = reference
  expect(key).toMatch(/^sessions\/reference\/raw\/.*\/metrics-\d{13}-.*\.otlp\.gz$/)
  expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
  expect(rest).toEqual({
    signalType: 'metrics',
    sizeBytes: body.length,
    recordCount: 3,
    compressed: true,
  })
  await capture.stop()
  const [batch] = await readAll({ store, sessionId: 'reference' })
  expect(batch.key).toBe(reference.key)
})

test('the caller may reuse its buffer at once', async () => {
  const store = new MemoryStore()
  const capture = startCapture({ store, sessionId: 'reuse' })
  const { body } = makeBatch('logs', { names: ['a'] })
  const buffer = Buffer.from(body)
  const captured = capture.captureOTLPData(buffer, 'logs')
  buffer.fill(0)
  await captured
  await capture.stop()
  const [batch] = await readAll({ store, sessionId: 'reuse' })
  expect(Buffer.from(batch.body)).toEqual(Buffer.from(body))
})

test.each<[string, unknown, unknown, RegExp]>([
  ['bytes that are no OTLP', Buffer.from('hello'), 'logs', /no OTLP logs/],
  ['text', 'hello', 'logs', /Uint8Array, got string/],
  ['another signal', Buffer.alloc(0), 'spans', /'spans' is none of traces, metrics, logs/],
  [
    'logs as traces',
    makeBatch('logs', { names: ['a'] }).body,
    'traces',
    /are OTLP logs, not traces/,
  ],
  ['metrics as logs', makeBatch('metrics', { names: ['a'] }).body, 'logs', /are OTLP metrics, not/],
  ['a signal that is not captured', Buffer.alloc(0), 'metrics', /does not record metrics/],
])('%s is refused with InvalidConfig', async (_, bytes, signal, message) => {
  const capture = startCapture({ store: 'memory:', sessionId: 'bad', captureMetrics: false })
  const captured = capture.captureOTLPData(bytes as Uint8Array, signal as 'logs')
  await expect(captured).rejects.toMatchObject({ name: 'CaptureError', reason: 'InvalidConfig' })
  await expect(captured).rejects.toThrow(message)
  await capture.stop()
})

test('into a completed session, and after the end, it is refused with SessionCompleted', async () => {
  const store = new MemoryStore()
  const batch = makeBatch('logs', { names: ['a'] })
  await recordSession(store, 'over', [batch])
  const late = startCapture({ store, sessionId: 'over' })
  await expect(late.captureOTLPData(batch.body, 'logs')).rejects.toMatchObject({
    reason: 'SessionCompleted',
    sessionId: 'over',
  })
  await expect(late.ready).rejects.toMatchObject({ reason: 'SessionCompleted' })
  expect(await late.stop()).toMatchObject({ status: 'failed', capturedLogs: 0 })

  const ended = startCapture({ store, sessionId: 'ended' })
  await ended.stop()
  await expect(ended.captureOTLPData(batch.body, 'logs')).rejects.toMatchObject({
    reason: 'SessionCompleted',
  })
})

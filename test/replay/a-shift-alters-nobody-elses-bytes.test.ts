// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import type { OtlpBatch } from '../../src/otlp/otlp-batch'
import { requestToJson } from '../../src/otlp/protobuf-to-json'
import { shiftTimes } from '../../src/otlp/shift-times'
import { SIGNALS } from '../../src/otlp/signal'
import type { ReplayBatch } from '../../src/replay/replay-batch'
import { type ReplayDataStreamConfig, replayDataStream } from '../../src/replay/replay-data-stream'
import { rawPrefix } from '../../src/session/session-keys'
import { MemoryStore } from '../../src/storage/memory-store'
import type { ReadOptions } from '../../src/storage/object-store'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'

/** A careless store of a user: what it gives away are views of what it keeps. */
class AliasingStore extends MemoryStore {
  readonly #kept = new Map<string, Buffer>()

  override read(key: string, options: ReadOptions = {}): Readable {
    const { startBytes = 0, lengthBytes = Infinity } = options
    const kept = this.#kept.get(key)
    if (!kept) return super.read(key, options)
    return Readable.from([kept.subarray(startBytes, startBytes + lengthBytes)])
  }

  async keepAll(): Promise<Map<string, Buffer>> {
    for await (const { key } of this.list('')) {
      this.#kept.set(key, Buffer.from((await this.get(key)).body))
    }
    return this.#kept
  }
}

/** Blocks of ours, and objects that other tools wrote: plain, in gzip, protobuf and JSON. */
async function recordEverything(): Promise<AliasingStore> {
  const store = new AliasingStore()
  const batches = Array.from({ length: 30 }, (_, index) =>
    makeBatch(SIGNALS[index % 3], { names: ['a', `${index}`], atMillis: EPOCH_MILLIS + index }),
  )
  await recordSession(store, 'x', batches)
  for (const signal of SIGNALS) {
    const { body } = makeBatch(signal, { names: ['f'], atMillis: EPOCH_MILLIS })
    const json = JSON.stringify(requestToJson(body, signal))
    const foreign = { p: body, g: gzipSync(body), j: Buffer.from(`${json}\n${json}\n`) }
    for (const [name, bytes] of Object.entries(foreign)) {
      await store.put(`${rawPrefix('x')}2026-01-02/03/${signal}-${name}.bin`, bytes)
    }
  }
  return store
}

async function replayed(config: Omit<ReplayDataStreamConfig, 'sessionId'>): Promise<ReplayBatch[]> {
  return (await replayDataStream({ sessionId: 'x', ...config }).toArray()) as ReplayBatch[]
}

test.each([
  { timestampAdjustment: 'relative' },
  { timestampAdjustment: 'current' },
  { timestampAdjustment: 'relative', rewriteIds: true },
  { timestampAdjustment: 'relative', filterServices: ['checkout'] },
] as const)('not those of a store that shows its own: %j', async (changes) => {
  const store = await recordEverything()
  const kept = await store.keepAll()
  const before = new Map([...kept].map(([key, bytes]) => [key, bytes.toString('base64')]))
  expect(await replayed({ store, ...changes })).toHaveLength(30 + 3 * 4)
  for (const [key, bytes] of kept) expect(bytes.toString('base64')).toBe(before.get(key))
})

test('not those of a batch that a transform has seen, and may have kept', async () => {
  const store = await recordEverything()
  const seen: { batch: OtlpBatch; copy: Buffer }[] = []
  const look = (batch: OtlpBatch): OtlpBatch => {
    seen.push({ batch, copy: Buffer.from(batch.body) })
    return batch
  }
  for (const timestampAdjustment of ['relative', 'current'] as const) {
    for (const rewriteIds of [false, true]) {
      await replayed({ store, timestampAdjustment, rewriteIds, transforms: [look] })
    }
  }
  expect(seen).toHaveLength(4 * 42)
  for (const { batch, copy } of seen) expect(Buffer.from(batch.body)).toEqual(copy)
})

test('not those of other batches in its block: all move as copies of them would', async () => {
  const requests = fc.constantFrom(...SIGNALS).chain((signal) =>
    fc.record({
      signal: fc.constant(signal),
      bodies: fc.array(arbitraryRequestBytes(signal, { unknownFields: true }), { minLength: 1 }),
    }),
  )
  await fc.assert(
    fc.asyncProperty(requests, async ({ signal, bodies }) => {
      const store = new MemoryStore()
      const batches = bodies.map((body, index) => ({
        signal,
        body,
        capturedAtUnixNano: BigInt(EPOCH_MILLIS + index) * 1_000_000n,
      }))
      await recordSession(store, 'x', batches)
      const moved = await replayed({ store, timestampAdjustment: 'relative' })
      const expected = batches.map(({ body }) =>
        Buffer.from(shiftTimes(body, signal, moved[0].offsetNanos ?? 0n)),
      )
      expect(moved.map(({ body }) => Buffer.from(body))).toEqual(expected)
    }),
    { numRuns: 40 },
  )
})

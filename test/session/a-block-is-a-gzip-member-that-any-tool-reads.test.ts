// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from 'node:child_process'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { SIGNALS } from '../../src/otlp/signal'
import { summarizeRequest } from '../../src/otlp/summarize-request'
import { encodeBlock } from '../../src/session/block'
import { findBlockHeader } from '../../src/session/block-header'
import type { CountedBatch } from '../../src/session/counted-batch'
import { decodeBlock } from '../../src/session/reading/decode-block'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { decodeIndependently } from '../support/independent-decoder'
import { EPOCH_MILLIS, makeBatch } from '../support/recording'

const arbitraryBatches = fc.constantFrom(...SIGNALS).chain((signal) =>
  fc.record({
    signal: fc.constant(signal),
    level: fc.integer({ min: 0, max: 9 }),
    batches: fc.array(
      fc.record({
        body: arbitraryRequestBytes(signal, { unknownFields: true }),
        capturedAtUnixNano: fc.bigInt({ min: 1n, max: 2n ** 63n }),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  }),
)

function counted(
  signal: CountedBatch['signal'],
  batches: Pick<CountedBatch, 'body' | 'capturedAtUnixNano'>[],
): CountedBatch[] {
  return batches.map((batch) => ({
    ...batch,
    signal,
    summary: summarizeRequest(batch.body, signal),
  }))
}

test('gunzip, zcat and the independent decoder read blocks laid end to end as one request', async () => {
  const batches = ['a', 'b', 'c'].map((name) => makeBatch('traces', { names: [name, `${name}2`] }))
  const blocks = await Promise.all(
    batches.map((batch) => encodeBlock('traces', counted('traces', [batch]), 6)),
  )
  const segment = Buffer.concat(blocks)
  const expected = Buffer.concat(batches.map((batch) => batch.body))

  expect(gunzipSync(segment)).toEqual(expected)
  expect(execFileSync('zcat', { input: segment })).toEqual(expected)
  const decoded = JSON.stringify(decodeIndependently('traces', gunzipSync(segment)))
  for (const name of ['a', 'a2', 'b', 'b2', 'c', 'c2'])
    expect(decoded).toContain(`"name":"${name}"`)
})

test('a header tells without inflating what inflating and counting find', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryBatches, async ({ signal, level, batches }) => {
      const input = counted(signal, batches)
      const member = await encodeBlock(signal, input, level)
      const found = findBlockHeader(member)
      expect(found).toBeDefined()
      if (!found) return
      const { header } = found
      expect(header.signal).toBe(signal)
      expect(header.memberBytes).toBe(member.length)
      expect(header.batches.map((batch) => batch.capturedAtUnixNano)).toEqual(
        batches.map((batch) => batch.capturedAtUnixNano),
      )
      const bodies = await decodeBlock(member, found)
      expect(bodies.map((body) => Buffer.from(body))).toEqual(
        batches.map((batch) => Buffer.from(batch.body)),
      )
      const whole = summarizeRequest(Buffer.concat(bodies), signal)
      expect(header.itemCount).toBe(whole.itemCount)
      expect(header.firstItemTimeUnixNano).toBe(whole.firstItemTimeUnixNano)
      expect(header.lastItemTimeUnixNano).toBe(whole.lastItemTimeUnixNano)
      expect(new Set(header.serviceNames)).toEqual(new Set(whole.serviceNames))
    }),
    { numRuns: 150 },
  )
})

test('two thousand one-item batches and a thousand services still fit into a header', async () => {
  const batches = Array.from({ length: 2000 }, (_, index) =>
    makeBatch('logs', {
      names: ['x'],
      service: `service-${index % 1000}`,
      atMillis: EPOCH_MILLIS + index * 100_000,
    }),
  )
  const member = await encodeBlock('logs', counted('logs', batches), 1)
  const found = findBlockHeader(member)
  expect(found?.header.itemCount).toBe(2000)
  expect(found?.header.serviceNames).toBeUndefined()
})

test('no single flipped bit of a header is taken for a header that says something else', async () => {
  const batch = makeBatch('traces', { names: ['a'] })
  const member = await encodeBlock('traces', counted('traces', [batch]), 6)
  const original = findBlockHeader(member)
  for (let bit = 0; bit < (original?.headerBytes ?? 0) * 8; bit++) {
    const damaged = Buffer.from(member)
    damaged[bit >> 3] ^= 1 << (bit & 7)
    const found = findBlockHeader(damaged)
    // Gzip's own time, flags and system bytes are not ours to guard.
    if (found) expect(found.header).toEqual(original?.header)
  }
})

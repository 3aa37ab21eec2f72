// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { shiftTimes } from '../../src/otlp/shift-times'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import { MemoryStore } from '../../src/storage/memory-store'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { decodeIndependently } from '../support/independent-decoder'
import { EPOCH_MILLIS, recordSession } from '../support/recording'
import { replayInFakeTime } from './replay-in-fake-time'
import { timesIn } from './times-in'

const arbitraryBatches = fc.array(
  fc.constantFrom(...SIGNALS).chain((signal) =>
    fc.record({
      signal: fc.constant<Signal>(signal),
      body: arbitraryRequestBytes(signal, { unknownFields: true, anyOrder: true }),
      // Of two signals that arrive in the same nanosecond, either may come first.
      gapMillis: fc.integer({ min: 1, max: 60_000 }),
    }),
  ),
  { minLength: 1, maxLength: 8 },
)

test.each([0.5, 1, 7, Infinity])(
  'one offset moves all times of all batches and signals, at speed %d',
  async (speedMultiplier) => {
    await fc.assert(
      fc.asyncProperty(arbitraryBatches, async (batches) => {
        let arrivalMillis = EPOCH_MILLIS
        const captured = batches.map(({ signal, body, gapMillis }) => {
          arrivalMillis += gapMillis
          return { signal, body, capturedAtUnixNano: BigInt(arrivalMillis) * 1_000_000n }
        })
        const store = new MemoryStore()
        await recordSession(store, 'distances', captured)
        const { arrivals, scheduled } = await replayInFakeTime({
          sessionId: 'distances',
          store,
          speedMultiplier,
        })

        expect(arrivals).toHaveLength(captured.length)
        const [{ offsetNanos = 0n }] = scheduled
        captured.forEach(({ signal, body }, index) => {
          const before = timesIn(decodeIndependently(signal, body))
          const after = timesIn(decodeIndependently(signal, arrivals[index].body))
          expect(after).toEqual(
            before.map((time) => time && BigInt.asUintN(64, time + offsetNanos)),
          )
        })
      }),
      { numRuns: 15 },
    )
  },
)

test('nothing but times changes: shifted back, every byte is what it was', async () => {
  const [body] = fc.sample(
    arbitraryRequestBytes('traces', { unknownFields: true, anyOrder: true }),
    1,
  )
  const store = new MemoryStore()
  const capturedAtUnixNano = BigInt(EPOCH_MILLIS) * 1_000_000n
  await recordSession(store, 'bytes', [{ signal: 'traces', body, capturedAtUnixNano }])
  const { arrivals, scheduled } = await replayInFakeTime({ sessionId: 'bytes', store })
  const shiftedBack = shiftTimes(arrivals[0].body, 'traces', -(scheduled[0].offsetNanos ?? 0n))
  expect(Buffer.from(shiftedBack).toString('hex')).toBe(Buffer.from(body).toString('hex'))
})

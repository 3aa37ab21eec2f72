// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { MemoryStore } from '../../src/storage/memory-store'
import { decodeIndependently } from '../support/independent-decoder'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { type Arrival, replayInFakeTime } from './replay-in-fake-time'

interface CapturedBatch {
  arrivalMillis: number
  /** How old its item was when it arrived. */
  ageMillis: number
}

const arbitrarySession: fc.Arbitrary<CapturedBatch[]> = fc
  .array(
    fc.record({
      arrivalMillis: fc.integer({ min: 0, max: 3_600_000 }),
      ageMillis: fc.integer({ min: 0, max: 60_000 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((batches) => batches.sort((a, b) => a.arrivalMillis - b.arrivalMillis))

async function agesAfterReplay(
  batches: CapturedBatch[],
  speedMultiplier: number,
  filterServices?: string[],
): Promise<number[]> {
  const store = new MemoryStore()
  await recordSession(
    store,
    'fresh',
    batches.map(({ arrivalMillis, ageMillis }, index) => ({
      ...makeBatch('logs', {
        names: [`${index}`],
        service: index % 3 === 0 ? 'rare' : 'common',
        atMillis: EPOCH_MILLIS + arrivalMillis - ageMillis,
      }),
      capturedAtUnixNano: BigInt(EPOCH_MILLIS + arrivalMillis) * 1_000_000n,
    })),
  )
  const { arrivals } = await replayInFakeTime({
    sessionId: 'fresh',
    store,
    speedMultiplier,
    filterServices,
  })
  return arrivals.map(ageMillisOf)
}

function ageMillisOf({ body, receivedAtUnixNano }: Arrival): number {
  const request = decodeIndependently('logs', body) as {
    resourceLogs: { scopeLogs: { logRecords: { timeUnixNano: string }[] }[] }[]
  }
  const { timeUnixNano } = request.resourceLogs[0].scopeLogs[0].logRecords[0]
  return Number(receivedAtUnixNano - BigInt(timeUnixNano)) / 1e6
}

const NANOSECOND_MILLIS = 1e-6

test.each([0.25, 1, 1.5, 2, 60, Infinity])('at speed %d', async (speedMultiplier) => {
  await fc.assert(
    fc.asyncProperty(arbitrarySession, async (batches) => {
      const ages = await agesAfterReplay(batches, speedMultiplier)
      expect(ages).toHaveLength(batches.length)
      batches.forEach(({ ageMillis }, index) => {
        expect(ages[index]).toBeGreaterThanOrEqual(ageMillis - NANOSECOND_MILLIS)
      })
      const exact = speedMultiplier > 1 ? batches.length - 1 : 0
      expect(ages[exact]).toBeCloseTo(batches[exact].ageMillis, 3)
    }),
    { numRuns: 12 },
  )
})

test.each([0.5, 1, 4, Infinity])('at speed %d with services filtered', async (speedMultiplier) => {
  await fc.assert(
    fc.asyncProperty(arbitrarySession, fc.constantFrom('rare', 'common'), async (batches, name) => {
      const ages = await agesAfterReplay(batches, speedMultiplier, [name])
      const sent = batches.filter((_, index) => (index % 3 === 0) === (name === 'rare'))
      expect(ages).toHaveLength(sent.length)
      sent.forEach(({ ageMillis }, index) => {
        expect(ages[index]).toBeGreaterThanOrEqual(ageMillis - NANOSECOND_MILLIS)
      })
    }),
    { numRuns: 12 },
  )
})

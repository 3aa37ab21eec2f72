// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import type { CountedBatch } from '../../src/session/counted-batch'
import {
  EMPTY_TOTALS,
  RunningTotals,
  type SignalTotals,
  addTotals,
  totalsOfBatch,
} from '../../src/session/totals'

const nanos = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const batches = fc.array(
  fc.record({
    signal: fc.constant('traces' as const),
    body: fc.nat({ max: 1000 }).map((length) => new Uint8Array(length)),
    capturedAtUnixNano: nanos,
    summary: fc.record(
      {
        itemCount: fc.nat(),
        serviceNames: fc.constant<string[]>([]),
        firstItemTimeUnixNano: nanos,
        lastItemTimeUnixNano: nanos,
      },
      { requiredKeys: ['itemCount', 'serviceNames'] },
    ),
  }),
)

function sumOf(added: readonly CountedBatch[]): SignalTotals {
  return added.map(totalsOfBatch).reduce(addTotals, EMPTY_TOTALS)
}

describe('running totals', () => {
  it('are the sum of the batches, one by one', () => {
    fc.assert(
      fc.property(batches, (added) => {
        const running = new RunningTotals()
        for (const batch of added) running.add(batch)
        expect(running.current()).toEqual(sumOf(added))
        expect(running.batches).toBe(added.length)
      }),
    )
  })

  it('count no more what was taken out, and keep the ranges', () => {
    fc.assert(
      fc.property(batches, batches, (left, taken) => {
        const running = new RunningTotals()
        for (const batch of [...left, ...taken]) running.add(batch)
        running.remove(sumOf(taken))
        const { items, batches: count, uncompressedBytes, ...ranges } = running.current()
        expect({ items, batches: count, uncompressedBytes }).toEqual(countsOf(sumOf(left)))
        expect(ranges).toMatchObject(rangesOf(sumOf([...left, ...taken])))
      }),
    )
  })
})

function countsOf({ items, batches, uncompressedBytes }: SignalTotals): object {
  return { items, batches, uncompressedBytes }
}

function rangesOf(totals: SignalTotals): object {
  return Object.fromEntries(Object.entries(totals).filter(([name]) => name.endsWith('UnixNano')))
}

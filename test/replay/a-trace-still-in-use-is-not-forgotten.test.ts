// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { createTraceOffsets } from '../../src/replay/trace-offsets'

test('the traces asked for last keep their offset, however many came before', () => {
  const maxTraces = 5
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (asked) => {
      const offsets = createTraceOffsets(maxTraces)
      const given = new Map<number, bigint>()
      asked.forEach((trace, index) => {
        const recent = new Set<number>()
        for (let back = index - 1; back >= 0 && recent.size < maxTraces; back--) {
          recent.add(asked[back])
        }
        const offset = offsets.offsetOf(`trace ${trace}`, BigInt(index))
        if (recent.has(trace)) expect(offset).toBe(given.get(trace))
        given.set(trace, offset)
      })
    }),
  )
})

test('one that was not asked for while twice as many others were is new again', () => {
  const offsets = createTraceOffsets(3)
  expect(offsets.offsetOf('a', 1n)).toBe(1n)
  for (let other = 0; other < 6; other++) offsets.offsetOf(`${other}`, 2n)
  expect(offsets.offsetOf('a', 3n)).toBe(3n)
})

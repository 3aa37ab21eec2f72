// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as fc from 'fast-check'
import { formatOffset, formatUnixNano } from '../../src/cli/nano-time'
import { printable } from '../../src/cli/printable'
import { readableCount, readableDuration, readableSize } from '../../src/cli/readable-figures'
import { tableLines } from '../../src/cli/table'
import { anyCodePoint } from '../support/any-code-point'

describe('figures', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [1_450_000, '1.4 MB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [123_456_789, '123 MB'],
    [5_000_000_000_000_000, '5000 TB'],
  ])('%d bytes are %s', (bytes, text) => expect(readableSize(bytes)).toBe(text))

  test.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [12_345, '12.3 s'],
    [59_949, '59.9 s'],
    [59_950, '1 min 0 s'],
    [320_000, '5 min 20 s'],
    [11_100_000, '3 h 5 min'],
    [200_000_000, '2 d 7 h'],
  ])('%d milliseconds are %s', (millis, text) => expect(readableDuration(millis)).toBe(text))

  test('counts take a noun', () => {
    expect(readableCount(1, 'item')).toBe('1 item')
    expect(readableCount(12_345, 'item')).toBe('12,345 items')
    expect(readableCount(12_345)).toBe('12,345')
  })

  test('times are exact to the nanosecond', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (unixNano) => {
        const text = formatUnixNano(unixNano)
        const millis = BigInt(Date.parse(`${text.slice(0, -7)}Z`))
        expect(millis * 1_000_000n + BigInt(text.slice(-7, -1))).toBe(unixNano)
      }),
    )
  })

  test('offsets are exact to the nanosecond', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 64n), 2n ** 64n), (nanos) => {
        const text = formatOffset(nanos)
        expect(text).toMatch(/^[+-]\d+\.\d{9} s$/)
        expect(BigInt(text.replace(/[. s]/g, ''))).toBe(nanos)
      }),
    )
  })

  test('text from outside stays on its line and moves no cursor', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCodePoint }), (text) => {
        expect(printable(text)).not.toMatch(/\p{Cc}|[\u2028\u2029]/u)
      }),
    )
    expect(printable('plain – text')).toBe('plain – text')
  })

  test('columns stand below each other', () => {
    const columns = [{ title: 'A' }, { title: 'COUNT', align: 'right' as const }]
    expect(
      tableLines(columns, [
        ['first', '1'],
        ['b', '1,000,000'],
      ]),
    ).toEqual(['A          COUNT', 'first          1', 'b      1,000,000'])
  })
})

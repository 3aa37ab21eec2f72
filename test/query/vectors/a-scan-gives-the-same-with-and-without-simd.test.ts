// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import {
  type Int8Scanner,
  ROW_PEAK,
  SCAN_ROWS,
  queryPeak,
} from '../../../src/query/search/vectors/int8-scanner'
import { createPlainScanner } from '../../../src/query/search/vectors/plain-scanner'
import { createSimdScanner } from '../../../src/query/search/vectors/simd-scanner'

const SOURCES = join(__dirname, '../../../src/query/search/vectors')
const TYPESCRIPT = join(__dirname, '../../support/register-typescript.cjs')

const scanners = [
  ['with SIMD', createSimdScanner],
  ['without', createPlainScanner],
] as const

describe.each(scanners)('a scanner %s', (_, create) => {
  it('gives the products of the query with each row', () => {
    fc.assert(
      fc.property(queriesAndRows(), ({ dimensions, query, rows }) => {
        const scanner = filled(create(dimensions), rows)
        expect([...scanner.dots(padded(query, scanner), 0, rows.length)]).toEqual(
          rows.map((row) => product(query, row)),
        )
      }),
      { numRuns: 60 },
    )
  })

  it('does not overflow where all numbers are as large as they may be', () => {
    for (const dimensions of [1, 384, 8_192]) {
      const scanner = create(dimensions)
      const peak = queryPeak(scanner.stride)
      const rows = [ROW_PEAK, -ROW_PEAK].map((number) => new Int8Array(dimensions).fill(number))
      filled(scanner, rows)
      const query = new Int16Array(dimensions).fill(peak)
      const largest = dimensions * ROW_PEAK * peak
      expect([...scanner.dots(padded(query, scanner), 0, 2)]).toEqual([largest, -largest])
      expect(largest).toBeLessThan(2 ** 31)
    }
  })

  it('keeps its rows as it grows, and begins where it is told to', () => {
    const scanner = create(16)
    const rowOf = (at: number) => new Int8Array(16).fill((at % 251) - 125)
    const count = 3 * SCAN_ROWS + 5
    for (let at = 0; at < count; at++) {
      scanner.reserve(at + 1)
      scanner.row(at).set(rowOf(at))
    }
    const ones = new Int16Array(16).fill(1)
    for (const first of [0, 1, SCAN_ROWS, count - 7]) {
      const products = [...scanner.dots(ones, first, 7)]
      expect(products).toEqual(products.map((_, at) => 16 * (((first + at) % 251) - 125)))
    }
  })
})

test('where there is no WebAssembly, a scanner does without', () => {
  const script = `
    const { createInt8Scanner } = require('./create-int8-scanner.ts')
    const scanner = createInt8Scanner(3)
    scanner.reserve(1)
    scanner.row(0).set([1, -2, 3])
    const query = new Int16Array(scanner.stride)
    query.set([100, 10, 1])
    console.log(typeof WebAssembly, scanner.dots(query, 0, 1)[0])`
  const flags = ['--jitless', '--require', TYPESCRIPT, '-e', script]
  const output = execFileSync(process.execPath, flags, {
    cwd: SOURCES,
    encoding: 'utf8',
    // Node says on stderr that it does without.
    stdio: 'pipe',
  })
  expect(output).toBe('undefined 83\n')
})

function queriesAndRows() {
  return fc.integer({ min: 1, max: 70 }).chain((dimensions) => {
    const exactly = { minLength: dimensions, maxLength: dimensions }
    const peak = queryPeak(Math.ceil(dimensions / 16) * 16)
    return fc.record({
      dimensions: fc.constant(dimensions),
      query: fc.int16Array({ ...exactly, min: -peak, max: peak }),
      rows: fc.array(fc.int8Array({ ...exactly, min: -ROW_PEAK, max: ROW_PEAK }), {
        minLength: 1,
        maxLength: 9,
      }),
    })
  })
}

function filled(scanner: Int8Scanner, rows: readonly Int8Array[]): Int8Scanner {
  scanner.reserve(rows.length)
  rows.forEach((row, at) => scanner.row(at).set(row))
  return scanner
}

function padded(query: Int16Array, { stride }: Int8Scanner): Int16Array {
  const numbers = new Int16Array(stride)
  numbers.set(query)
  return numbers
}

function product(query: Int16Array, row: Int8Array): number {
  return Number([...row].reduce((sum, number, at) => sum + BigInt(number) * BigInt(query[at]), 0n))
}

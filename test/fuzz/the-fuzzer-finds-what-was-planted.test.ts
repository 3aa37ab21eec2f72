// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import type { FuzzResult } from './support/fuzz'
import { fuzzInWorkers } from './support/fuzz-in-workers'

const CASES: Readonly<Record<string, number>> = {
  'crash behind three branches': 30_000,
  pollution: 2_000,
  'nothing wrong': 2_000,
  // Last, as it takes its thread with it.
  hang: 2_000,
}

const results = new Map<string, FuzzResult>()

beforeAll(async () => {
  await fuzzInWorkers({
    targetsModule: join(__dirname, 'planted/targets.ts'),
    coveredPath: join(__dirname, 'planted/faulty-parsers.ts'),
    jobs: Object.entries(CASES).map(([name, cases]) => ({ name, cases, seed: 1 })),
    workers: 1,
    hangLimitMillis: 2_000,
    onResult: (result) => results.set(result.name, result),
  })
}, 90_000)

function resultOf(name: string): FuzzResult {
  const result = results.get(name)
  if (!result) throw new Error(`'${name}' has no result`)
  return result
}

test('a crash that only inputs on the way to it lead to', () => {
  const { bugs, found } = resultOf('crash behind three branches')
  expect(bugs).toEqual([expect.objectContaining({ kind: 'crash' })])
  expect(bugs[0].message).toContain("Cannot read properties of undefined (reading 'toUpperCase')")
  expect(Buffer.from(bugs[0].input).toString('latin1')).toContain('R{"<')
  expect(found.length).toBeGreaterThanOrEqual(2)
})

test('a parser that never returns, with the input that it does not return from', () => {
  const { bugs } = resultOf('hang')
  expect(bugs).toEqual([expect.objectContaining({ kind: 'hang' })])
  expect(Buffer.from(bugs[0].input).toString('latin1')).toContain('\xff')
})

test('a key that alters what everything inherits', () => {
  const [{ kind, message, input }] = resultOf('pollution').bugs
  expect(kind).toBe('crash')
  expect(message).toContain('what everything inherits from was altered')
  expect(Buffer.from(input).toString()).toMatch(/__proto__|constructor/)
})

test('nothing where nothing is wrong', () => {
  const { bugs, cases, accepted, refused } = resultOf('nothing wrong')
  expect(bugs).toEqual([])
  expect(cases).toBeGreaterThanOrEqual(2_000)
  expect(accepted + refused).toBe(cases)
  expect(accepted).toBeGreaterThan(0)
})

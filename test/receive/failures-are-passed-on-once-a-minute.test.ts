// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createRareErrors, createRareFailures } from '../../src/receive/rare-failures'

test('and the next one says how many were held back', () => {
  const told: string[] = []
  let nowMillis = 5_000
  const fail = createRareFailures(
    ({ message }) => told.push(message),
    () => nowMillis,
  )
  fail('first')
  for (let count = 0; count < 7; count++) fail('again')
  nowMillis += 59_999
  fail('still')
  nowMillis += 1
  fail('a minute later')
  fail('too soon')
  nowMillis += 3_600_000
  fail('an hour later')
  expect(told).toEqual([
    'first',
    'a minute later (and 8 more before)',
    'an hour later (and 1 more before)',
  ])
})

test('of errors, one of each kind', () => {
  const told: string[] = []
  let nowMillis = 0
  const fail = createRareErrors(
    ({ message }) => told.push(message),
    () => nowMillis,
  )
  const down = (message: string): Error => Object.assign(new Error(message), { code: 'DOWN' })
  fail(down('first'))
  fail(down('again'))
  fail(new TypeError('another kind'))
  nowMillis += 60_000
  fail(down('a minute later'))
  expect(told).toEqual(['first', 'another kind', 'a minute later'])
})

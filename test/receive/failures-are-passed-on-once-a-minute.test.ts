// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createRareFailures } from '../../src/receive/rare-failures'

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

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const { startTestCapture } = require('otel-tape/testing')

// Before the code under test is loaded, so that nothing it asks the API for comes too early.
const tape = startTestCapture({ register: true })
const { checkout } = require('./checkout')

afterEach(() => tape.reset())
afterAll(() => tape.stop())

test('a large amount is accepted, and declined in the background', async () => {
  expect(checkout(500)).toBe('accepted')
  const span = await tape.waitForSpan({ name: 'checkout' })
  expect(span.attributes.amount).toBe(500)
  expect(span.children).toMatchObject([
    { name: 'charge', status: { code: 'ERROR', message: 'declined' }, logs: [] },
  ])
})

test('a small amount is charged as a part of its checkout, and that is logged', async () => {
  checkout(5)
  await tape.waitForLog({ body: 'charged 5', severityText: 'INFO' })
  const charge = await tape.waitForSpan({ name: 'charge', status: 'UNSET' })
  expect(charge.logs).toHaveLength(1)

  // A parent is known when it has ended.
  await tape.waitForSpan({ name: 'checkout' })
  expect(charge.parent).toMatchObject({ name: 'checkout', attributes: { amount: 5 } })
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const { startTestCapture } = require('otel-tape/testing')
const { checkout } = require('./checkout')

const tape = startTestCapture({ register: true })
afterEach(() => tape.reset())
afterAll(() => tape.stop())

test('a large amount is declined in the background', async () => {
  expect(checkout(500)).toBe('accepted')
  const span = await tape.waitForSpan({ name: 'checkout' })
  expect(span.attributes.amount).toBe(500)
  expect(span.children).toMatchObject([{ name: 'charge', status: { code: 'ERROR' } }])
})

test('a small one is charged', async () => {
  checkout(5)
  const { status, parent } = await tape.waitForSpan({ name: 'charge' })
  expect(status.code).toBe('UNSET')
  expect(parent?.name ?? 'checkout').toBe('checkout')
})

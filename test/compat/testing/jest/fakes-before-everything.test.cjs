// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

'use strict'

// As with `fakeTimers: { enableGlobally: true }`: faked before anything is loaded.
jest.useFakeTimers()
const { startTestCapture } = require('otel-tape/testing')

test('a wait expires in real time', async () => {
  const wait = startTestCapture().waitForSpan({ name: 'never' }, { timeoutMillis: 50 })
  await expect(wait).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' })
})

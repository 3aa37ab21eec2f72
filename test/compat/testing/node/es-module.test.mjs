// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// node:test fakes the timers of node:timers too, here before the capture is loaded.
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'

test('a wait expires in real time under the fakes of node:test', async () => {
  mock.timers.enable()
  try {
    const { startTestCapture } = await import('otel-tape/testing')
    const wait = startTestCapture().waitForSpan({ name: 'never' }, { timeoutMillis: 50 })
    await assert.rejects(wait, { code: 'WAIT_TIMEOUT' })
  } finally {
    mock.timers.reset()
  }
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test, vi } from 'vitest'

test('a wait expires in real time though timers were faked before the capture was loaded', async () => {
  vi.useFakeTimers()
  const { startTestCapture } = await import('otel-tape/testing')
  const wait = startTestCapture().waitForSpan({ name: 'never' }, { timeoutMillis: 50 })
  await expect(wait).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' })
  vi.useRealTimers()
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import { getCaptureStatus } from '../../src/capture/capture-status'
import { startCapture } from '../../src/capture/start-capture'
import { MemoryStore } from '../../src/storage/memory-store'
import { useWarnings } from '../support/collect-warnings'
import { makeEncoded } from '../support/recording'

const warnings = useWarnings()

test('maxSizeMB completes the session, says so once, and later batches are not recorded', async () => {
  const store = new MemoryStore()
  const capture = startCapture({ store, sessionId: 'size', maxSizeMB: 1 })
  for (let batch = 0; batch < 40; batch++) {
    const encoded = makeEncoded('logs', { names: [randomBytes(100_000).toString('base64')] })
    capture.record('logs', () => encoded)
    await capture.flush()
  }
  const metadata = await capture.stop()
  expect(await getCaptureStatus('size', store)).toEqual(metadata)
  expect(metadata.status).toBe('completed')
  expect(metadata.totalSizeBytes).toBeGreaterThanOrEqual(1_000_000)
  expect(metadata.totalSizeBytes).toBeLessThan(1_300_000)
  expect(warnings).toEqual([expect.stringContaining("'size' reached maxSizeMB 1 and ends here")])
})

test('maxDurationMinutes completes the session, says so once', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] })
  try {
    const store = new MemoryStore()
    const capture = startCapture({ store, sessionId: 'time', maxDurationMinutes: 2 })
    await capture.ready
    const encoded = makeEncoded('logs', { names: ['a'] })
    capture.record('logs', () => encoded)
    await jest.advanceTimersByTimeAsync(119_000)
    expect(warnings).toEqual([])
    await jest.advanceTimersByTimeAsync(2_000)
    jest.useRealTimers()
    expect(await capture.stop()).toMatchObject({ status: 'completed', capturedLogs: 1 })
    capture.record('logs', () => encoded)
    expect(await getCaptureStatus('time', store)).toMatchObject({ capturedLogs: 1 })
    expect(warnings).toEqual([expect.stringContaining("'time' reached maxDurationMinutes 2")])
  } finally {
    jest.useRealTimers()
  }
})

test('the environment sets limits, code beats it, and 0 is none', async () => {
  process.env.CAPTURE_MAX_SIZE_MB = '0.001'
  try {
    const limited = startCapture({ store: 'memory:', sessionId: 'env' })
    const free = startCapture({ store: 'memory:', sessionId: 'code', maxSizeMB: 0 })
    const encoded = makeEncoded('logs', { names: [randomBytes(300_000).toString('base64')] })
    for (const capture of [limited, free]) {
      for (let batch = 0; batch < 3; batch++) {
        capture.record('logs', () => encoded)
        await capture.flush()
      }
    }
    expect((await limited.stop()).capturedLogs).toBeLessThan(3)
    expect((await free.stop()).capturedLogs).toBe(3)
  } finally {
    delete process.env.CAPTURE_MAX_SIZE_MB
  }
})

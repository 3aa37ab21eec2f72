// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type * as Testing from '../../src/testing'
import { startRealDeadline } from '../../src/testing/real-deadline'

afterEach(() => {
  jest.useRealTimers()
})

// Whoever fakes timers first must not win: the module is loaded before the
// fakes in one case and after them in the other.
const installers = {
  'modern fakes': () => jest.useFakeTimers(),
  'modern fakes, all of them': () => jest.useFakeTimers({ now: 0, doNotFake: [] }),
  'legacy fakes': () => jest.useFakeTimers({ legacyFakeTimers: true }),
}

describe.each(Object.entries(installers))('%s', (_name, install) => {
  test.each(['before', 'after'])('installed %s the module is loaded', async (when) => {
    if (when === 'before') install()
    const { startTestCapture } = freshModule()
    if (when === 'after') install()

    const tape = startTestCapture()
    const started = process.hrtime.bigint()
    const wait = tape.waitForSpan({ name: 'never' }, { timeoutMillis: 30 })
    await expect(wait).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' })
    jest.useRealTimers()
    // Fakes of hrtime stand still: then there is nothing to compare.
    const elapsed = Number(process.hrtime.bigint() - started) / 1e6
    expect(elapsed).toBeGreaterThan(25)
  })
})

test('an AbortSignal of a browser environment, on faked timers, does not matter', async () => {
  const original = globalThis.AbortSignal
  class FakedAbortSignal extends EventTarget {
    static timeout() {
      return new FakedAbortSignal()
    }
  }
  try {
    globalThis.AbortSignal = FakedAbortSignal as unknown as typeof AbortSignal
    const wait = freshModule().startTestCapture().waitForLog({ body: 'x' }, { timeoutMillis: 20 })
    await expect(wait).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' })
  } finally {
    globalThis.AbortSignal = original
  }
})

test('a deadline that is cancelled never comes, one that is not comes once', async () => {
  const calls: string[] = []
  startRealDeadline(5, () => calls.push('cancelled'))()
  await new Promise<void>((resolve) => {
    startRealDeadline(20, () => resolve(void calls.push('due')))
  })
  await new Promise(setImmediate)
  expect(calls).toEqual(['due'])
})

function freshModule(): typeof Testing {
  let testing: typeof Testing | undefined
  jest.isolateModules(() => {
    testing = jest.requireActual<typeof Testing>('../../src/testing')
  })
  if (!testing) throw new Error('The module was not loaded.')
  return testing
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as fc from 'fast-check'
import { type RetryOptions, RetryTimeoutError, retrying } from '../../src/storage/retry'

class Flaw extends Error {
  constructor(readonly waitMillis?: number) {
    super('flaw')
  }
}

const OPTIONS: RetryOptions = {
  isRetryable: (error) => error instanceof Flaw,
  delayHintMillis: (error) => (error instanceof Flaw ? error.waitMillis : undefined),
  timeoutMillis: 10_000,
  initialDelayMillis: 100,
  maxDelayMillis: 1000,
  random: () => 1,
}

beforeEach(() => {
  jest.useFakeTimers()
})

afterEach(() => {
  expect(jest.getTimerCount()).toBe(0)
  jest.useRealTimers()
})

/** Runs on the fake clock, and tells when each attempt began. */
async function run(
  outcomes: (attemptNumber: number, signal: AbortSignal) => Promise<string>,
  options: Partial<RetryOptions> = {},
) {
  const startedAt = performance.now()
  const attemptsAt: number[] = []
  const outcome = retrying(
    (signal, attemptNumber) => {
      attemptsAt.push(Math.round(performance.now() - startedAt))
      return outcomes(attemptNumber, signal)
    },
    { ...OPTIONS, ...options },
  ).catch((error: unknown) => error)
  await jest.runAllTimersAsync()
  return { result: await outcome, attemptsAt, tookMillis: performance.now() - startedAt }
}

const failing = (error: Error) => () => Promise.reject(error)
const never = () => new Promise<string>(() => {})

it('returns what the first attempt returns, at once', async () => {
  const { result, attemptsAt, tookMillis } = await run(async () => 'done')
  expect({ result, attemptsAt, tookMillis }).toEqual({
    result: 'done',
    attemptsAt: [0],
    tookMillis: 0,
  })
})

it('doubles the waits up to the longest, and gives the last error when no time is left', async () => {
  const flaw = new Flaw()
  const { result, attemptsAt } = await run(failing(flaw), { timeoutMillis: 5000 })
  expect(result).toBe(flaw)
  expect(attemptsAt).toEqual([0, 100, 300, 700, 1500, 2500, 3500, 4500])
})

it('stops at an error that is not worth retrying', async () => {
  const fatal = new Error('fatal')
  const { result, attemptsAt } = await run((attemptNumber) =>
    Promise.reject(attemptNumber < 3 ? new Flaw() : fatal),
  )
  expect(result).toBe(fatal)
  expect(attemptsAt).toHaveLength(3)
})

it('counts attempts from one, and stops after the most there may be', async () => {
  const numbers: number[] = []
  const { result } = await run(
    (attemptNumber) => {
      numbers.push(attemptNumber)
      return Promise.reject(new Flaw())
    },
    { maxAttempts: 3 },
  )
  expect(result).toBeInstanceOf(Flaw)
  expect(numbers).toEqual([1, 2, 3])
})

it('waits as long as the server asks, and jitters on top', async () => {
  const { attemptsAt } = await run((n) => (n === 1 ? Promise.reject(new Flaw(3000)) : never()), {
    random: () => 0.5,
  })
  expect(attemptsAt).toEqual([0, 3050])
})

it('does not begin a wait that the server asks for but the limit forbids', async () => {
  const flaw = new Flaw(60_000)
  const { result, tookMillis } = await run(failing(flaw))
  expect(result).toBe(flaw)
  expect(tookMillis).toBe(0)
})

it('leaves an attempt that ignores its time limit, and tries again', async () => {
  const signals: AbortSignal[] = []
  const { result, attemptsAt } = await run(
    (attemptNumber, signal) => {
      signals.push(signal)
      return attemptNumber < 3 ? never() : Promise.resolve('third')
    },
    { attemptTimeoutMillis: 2000 },
  )
  expect(result).toBe('third')
  expect(attemptsAt).toEqual([0, 2100, 4300])
  expect(signals.map((signal) => signal.aborted)).toEqual([true, true, false])
})

it('ends at its limit in the middle of an attempt, and names the error before', async () => {
  const flaw = new Flaw()
  const { result, tookMillis } = await run((n) => (n === 1 ? Promise.reject(flaw) : never()))
  expect(result).toBeInstanceOf(RetryTimeoutError)
  expect(result).toMatchObject({ code: 'RETRY_TIMEOUT', timeoutMillis: 10_000, cause: flaw })
  expect(tookMillis).toBeCloseTo(10_000, -1)
})

it.each(['an attempt', 'a wait'])('ends with its reason when aborted in %s', async (during) => {
  const controller = new AbortController()
  const reason = new Error('the caller has gone')
  setTimeout(() => controller.abort(reason), 50)
  const { result, tookMillis, attemptsAt } = await run(
    during === 'a wait' ? failing(new Flaw()) : never,
    { signal: controller.signal },
  )
  expect(result).toBe(reason)
  expect(tookMillis).toBe(50)
  expect(attemptsAt).toEqual([0])
})

it('makes no attempt for a signal that has fired', async () => {
  const { result, attemptsAt } = await run(never, { signal: AbortSignal.abort(new Error('gone')) })
  expect(result).toMatchObject({ message: 'gone' })
  expect(attemptsAt).toEqual([])
})

it('never waits longer than the longest wait, nor ends after its limit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 1, max: 8000 }),
      async (randoms, initialDelayMillis, maxDelayMillis, timeoutMillis) => {
        let i = 0
        const { attemptsAt, tookMillis } = await run(failing(new Flaw()), {
          initialDelayMillis,
          maxDelayMillis,
          timeoutMillis,
          maxAttempts: 50,
          random: () => randoms[i++ % randoms.length] / 1000,
        })
        const waits = attemptsAt.slice(1).map((at, index) => at - attemptsAt[index])
        for (const [index, wait] of waits.entries()) {
          // The fake clock runs each timer to a whole millisecond.
          expect(wait).toBeLessThanOrEqual(
            Math.min(maxDelayMillis, initialDelayMillis * 2 ** index) + 1,
          )
        }
        expect(tookMillis).toBeLessThanOrEqual(timeoutMillis + 1)
      },
    ),
  )
})

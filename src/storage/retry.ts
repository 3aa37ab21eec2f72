// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

export interface RetryOptions {
  /** Whether another attempt may succeed where this error ended one, the `attemptNumber`th. */
  isRetryable: (error: unknown, attemptNumber: number) => boolean
  /** What the server asked for, as with Retry-After, in milliseconds; `undefined` if nothing. */
  delayHintMillis?: (error: unknown) => number | undefined
  /** Limit of all attempts and waits together, in milliseconds. Default 30,000. */
  timeoutMillis?: number
  /** Limit of one attempt, in milliseconds. Default: what is left of `timeoutMillis`. */
  attemptTimeoutMillis?: number
  /** Default: as many as fit into `timeoutMillis`. */
  maxAttempts?: number
  /** Upper bound of the first wait, in milliseconds. It doubles with each. Default 100. */
  initialDelayMillis?: number
  /** Upper bound of any wait but a hinted one, in milliseconds. Default 5,000. */
  maxDelayMillis?: number
  /** Ends attempts and waits at once, with the signal's reason. */
  signal?: AbortSignal
  /** From 0 to 1, for tests. */
  random?: () => number
}

const DEFAULTS = Object.freeze({
  timeoutMillis: 30_000,
  attemptTimeoutMillis: Infinity,
  maxAttempts: Infinity,
  initialDelayMillis: 100,
  maxDelayMillis: 5_000,
  random: Math.random,
})

/** Beyond it, a timer fires at once. */
const LONGEST_TIMER_MILLIS = 2 ** 31 - 1

/** One try. Attempts count from 1: some have to know whether an earlier one may have got through. */
export type Attempt<T> = (signal: AbortSignal, attemptNumber: number) => Promise<T>

/** An attempt, or all of them together, took too long. */
export class RetryTimeoutError extends Error {
  override readonly name = 'RetryTimeoutError'
  readonly code = 'RETRY_TIMEOUT'

  constructor(
    readonly timeoutMillis: number,
    options?: ErrorOptions,
  ) {
    super(`no answer within ${timeoutMillis} ms`, options)
  }
}

/**
 * Attempts until one succeeds, and waits between them: exponentially longer,
 * with full jitter, as a thousand clients that lost a server in the same second
 * must not come back in the same second. An attempt that ignores its signal is
 * left behind when its time is over.
 *
 * Rejects with the last attempt's error when it isn't retryable or no time is
 * left for the wait before another; with {@link RetryTimeoutError}, whose cause
 * is the error before, when time runs out during an attempt.
 *
 * The timers don't keep the process alive: one that is done must not stay for a
 * retry. A program that has nothing else to do but wait here has to hold itself.
 *
 * @example
 * const response = await retrying((signal) => post(request, signal), {
 *   isRetryable: (error) => error instanceof ServerError && error.status === 503,
 *   timeoutMillis: 10_000,
 * })
 */
export async function retrying<T>(attempt: Attempt<T>, options: RetryOptions): Promise<T> {
  const limits = limitsOf(options)
  const endsAt = performance.now() + limits.timeoutMillis
  let lastError: unknown
  for (let number = 1; ; number++) {
    const leftMillis = Math.max(0, endsAt - performance.now())
    try {
      return await attemptOnce(attempt, number, leftMillis, limits, lastError)
    } catch (error) {
      if (options.signal?.aborted || number >= limits.maxAttempts) throw error
      const delayMillis = delayBefore(number + 1, error, limits)
      const isLastPossible = performance.now() + delayMillis >= endsAt
      if (isLastPossible || !isWorthRetrying(error, number, limits)) throw error
      lastError = error
      await waitOrAbort(delayMillis, options.signal)
    }
  }
}

type Limits = RetryOptions & Required<Pick<RetryOptions, keyof typeof DEFAULTS>>

/** An option that is there but undefined means its default. */
function limitsOf(options: RetryOptions): Limits {
  return {
    ...options,
    timeoutMillis: options.timeoutMillis ?? DEFAULTS.timeoutMillis,
    attemptTimeoutMillis: options.attemptTimeoutMillis ?? DEFAULTS.attemptTimeoutMillis,
    maxAttempts: options.maxAttempts ?? DEFAULTS.maxAttempts,
    initialDelayMillis: options.initialDelayMillis ?? DEFAULTS.initialDelayMillis,
    maxDelayMillis: options.maxDelayMillis ?? DEFAULTS.maxDelayMillis,
    random: options.random ?? DEFAULTS.random,
  }
}

async function attemptOnce<T>(
  attempt: Attempt<T>,
  number: number,
  leftMillis: number,
  limits: Limits,
  lastError: unknown,
): Promise<T> {
  const { signal } = limits
  signal?.throwIfAborted()
  const controller = new AbortController()
  const onAbort = () => controller.abort(signal?.reason)
  const millis = Math.min(leftMillis, limits.attemptTimeoutMillis, LONGEST_TIMER_MILLIS)
  const isTotal = leftMillis <= limits.attemptTimeoutMillis
  const timer = setTimeout(() => {
    const named = isTotal ? limits.timeoutMillis : limits.attemptTimeoutMillis
    controller.abort(new RetryTimeoutError(named, { cause: lastError }))
  }, millis)
  timer.unref()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await new Promise<T>((resolve, reject) => {
      controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error))
      attempt(controller.signal, number).then(resolve, reject)
    })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

function isWorthRetrying(error: unknown, attemptNumber: number, { isRetryable }: Limits): boolean {
  return error instanceof RetryTimeoutError || isRetryable(error, attemptNumber)
}

function delayBefore(attemptNumber: number, error: unknown, limits: Limits): number {
  const { initialDelayMillis, maxDelayMillis, random } = limits
  const hintMillis = limits.delayHintMillis?.(error)
  // Jitter on top of the hint: the server gave the same one to every client.
  if (hintMillis !== undefined) return hintMillis + random() * initialDelayMillis
  return random() * Math.min(maxDelayMillis, initialDelayMillis * 2 ** (attemptNumber - 2))
}

async function waitOrAbort(delayMillis: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, delayMillis)
    timer.unref()
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

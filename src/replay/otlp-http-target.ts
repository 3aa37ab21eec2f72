// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import type { Signal } from '../otlp/signal'
import { retrying } from '../storage/retry'
import type { BatchTarget, Refusal } from './batch-sink'
import { type HttpAnswer, type OtlpHttpClient, createOtlpHttpClient } from './otlp-http-client'
import type { OtlpHttpTargetOptions } from './otlp-http-options'
import { type PartialSuccess, readErrorMessage, readPartialSuccess } from './otlp-response'
import { type ReplayBatch, itemsOf } from './replay-batch'
import { ReplayError } from './replay-error'

/** What OTLP tells a client to send again later. */
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504])
const MAX_RETRY_DELAY_MILLIS = 5_000
const NO_BODY = new Uint8Array()

const log = diag.createComponentLogger({ namespace: 'otel-tape/replay' })

/**
 * Posts batches to an OTLP/HTTP endpoint, again where OTLP says that another
 * attempt may succeed, and tells from the last answer what was refused.
 */
export function createOtlpHttpTarget(options: OtlpHttpTargetOptions): BatchTarget {
  return new OtlpHttpTarget(options, createOtlpHttpClient(options))
}

class OtlpHttpTarget implements BatchTarget {
  readonly #options: OtlpHttpTargetOptions
  readonly #client: OtlpHttpClient

  constructor(options: OtlpHttpTargetOptions, client: OtlpHttpClient) {
    this.#options = options
    this.#client = client
  }

  async deliver(batch: ReplayBatch, signal: AbortSignal): Promise<Refusal | undefined> {
    const encoded = await this.#client.encode(batch.body)
    try {
      return this.#refusalIn(await this.#post(batch.signal, encoded, signal), batch)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof RetryableAnswer) return this.#refusalIn(error.answer, batch)
      await this.#checkReachable(batch.signal, error as Error, signal)
      const message = `${this.#shown(batch.signal)} gave no answer: ${reasonIn(error as Error)}`
      return { itemCount: itemsOf(batch), message }
    }
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  #post(signal: Signal, encoded: Uint8Array, abort: AbortSignal): Promise<HttpAnswer> {
    const { retry, timeoutMillis } = this.#options
    return retrying(
      async (attemptSignal) => {
        const answer = await this.#client.post(signal, encoded, attemptSignal)
        if (RETRYABLE_STATUS.has(answer.statusCode)) throw new RetryableAnswer(answer)
        return answer
      },
      {
        // Whatever else went wrong, went wrong on the way.
        isRetryable: () => true,
        delayHintMillis: (error) =>
          error instanceof RetryableAnswer ? error.delayMillis() : undefined,
        timeoutMillis: retry.totalTimeoutMillis,
        attemptTimeoutMillis: timeoutMillis,
        maxAttempts: retry.maxAttempts,
        initialDelayMillis: retry.initialDelayMillis,
        maxDelayMillis: MAX_RETRY_DELAY_MILLIS,
        signal: abort,
      },
    )
  }

  /**
   * Throws if nothing can arrive. A batch that gets no answer may be to blame
   * itself (some servers drop the connection of a request that is too large),
   * and must not end the replay of all others; a target that is down must. An
   * empty request, which is valid and carries nothing, tells one from the other.
   */
  async #checkReachable(signal: Signal, failure: Error, abort: AbortSignal): Promise<void> {
    try {
      const encoded = await this.#client.encode(NO_BODY)
      await retrying((attemptSignal) => this.#client.post(signal, encoded, attemptSignal), {
        isRetryable: () => false,
        maxAttempts: 1,
        timeoutMillis: this.#options.timeoutMillis,
        signal: abort,
      })
    } catch {
      abort.throwIfAborted()
      throw new ReplayError(
        'IngestionFailure',
        `${this.#shown(signal)} can't be reached: ${reasonIn(failure)}. ` +
          'Check that an OTLP/HTTP endpoint listens there',
        { cause: failure },
      )
    }
  }

  #refusalIn(answer: HttpAnswer, batch: ReplayBatch): Refusal | undefined {
    const { statusCode, location, body } = answer
    const isSuccess = statusCode >= 200 && statusCode < 300
    if (isSuccess && body.length === 0) return undefined
    const all = { itemCount: itemsOf(batch), statusCode }
    const shown = `${this.#shown(batch.signal)} answered ${statusCode}`
    if (isSuccess) {
      try {
        return this.#partialRefusal(readPartialSuccess(answer), statusCode, shown)
      } catch (error) {
        if (!(error instanceof MalformedOtlpError)) throw error
        const message = `${shown}, but ${error.message}; is it an OTLP/HTTP endpoint?`
        return { ...all, message }
      }
    }
    if (location) return { ...all, message: `${shown}, a redirect to ${location}` }
    const reason = readErrorMessage(answer)
    return { ...all, message: reason ? `${shown}: ${reason}` : shown }
  }

  #partialRefusal(
    { rejectedItems, message }: PartialSuccess,
    statusCode: number,
    shown: string,
  ): Refusal | undefined {
    if (rejectedItems > 0) {
      return { itemCount: rejectedItems, statusCode, message: `${shown}, partially: ${message}` }
    }
    // OTLP's way to warn of what was accepted all the same.
    if (message) log.warn(`${shown} with a warning: ${message}`)
    return undefined
  }

  /** Without the query, which may hold a key. */
  #shown(signal: Signal): string {
    return this.#options.endpoints[signal].split('?', 1)[0]
  }
}

class RetryableAnswer extends Error {
  constructor(readonly answer: HttpAnswer) {
    super(`answered ${answer.statusCode}`)
  }

  /** What Retry-After asks for, given in seconds or as a date. */
  delayMillis(): number | undefined {
    const asked = this.answer.retryAfter?.trim()
    if (!asked) return undefined
    if (/^\d+$/.test(asked)) return Number(asked) * 1000
    const date = Date.parse(asked)
    return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
  }
}

/** The message, and the code where the message says nothing, as with an AggregateError. */
function reasonIn(error: Error & { code?: string }): string {
  return error.message || (error.code ?? error.name)
}

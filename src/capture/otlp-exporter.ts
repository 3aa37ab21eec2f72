// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { EncodedRequest } from '../otlp/encoded-request'
import { type ExportResult, ExportResultCode } from '../otlp/sdk-types'
import type { Signal } from '../otlp/signal'
import { holdProcess } from '../storage/hold-process'
import { retrying, RetryTimeoutError } from '../storage/retry'
import { type ExporterMeter, createExporterMeter } from '../telemetry/exporter-meter'
import { failureBy, failureIn } from '../transport/export-failure'
import { createNodeHttpClient, type NodeHttpClient } from '../transport/node-http-client'
import type { OtlpAnswer } from '../transport/otlp-client'
import type { BatchRecorder } from './batch-recorder'
import { OtlpExportError } from './otlp-export-error'
import type { ExportTarget } from './otlp-exporter-options'
import { createRareWarnings } from './rare-warnings'

/** An exporter as the SDK's processors and readers use it. */
export interface OtlpExporter<Items> {
  export(items: Items, resultCallback: (result: ExportResult) => void): void
  /** Resolves when no export is under way. Never rejects: each export tells its own result. */
  forceFlush(): Promise<void>
  /** As `forceFlush`; like the SDK's exporters, it still exports what is given to it later. */
  shutdown(): Promise<void>
}

const MAX_ATTEMPTS = 5
const INITIAL_RETRY_DELAY_MILLIS = 1_000

/** What may be otherwise at the next attempt; a certificate that is not trusted will not. */
const RETRYABLE_FAILURES: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ENETUNREACH',
  'EHOSTUNREACH',
])

/**
 * Encodes what it is given once: the same bytes are recorded and sent. Each goes its own way from
 * there. A store in trouble costs no export anything, and a backend in trouble no recording.
 */
export class RecordingOtlpExporter<Items> implements OtlpExporter<Items> {
  readonly #signal: Signal
  readonly #recorder: BatchRecorder
  readonly #encode: (items: Items) => EncodedRequest
  readonly #target: ExportTarget
  readonly #client: NodeHttpClient
  readonly #meter: ExporterMeter
  readonly #warnings = createRareWarnings()
  readonly #underWay = new Set<Promise<void>>()

  constructor(
    signal: Signal,
    recorder: BatchRecorder,
    encode: (items: Items) => EncodedRequest,
    target: ExportTarget,
  ) {
    this.#signal = signal
    this.#recorder = recorder
    this.#encode = encode
    this.#target = target
    this.#client = createNodeHttpClient(target)
    const endpoint = target.url
    this.#meter = createExporterMeter({ signal, protocol: 'http', purpose: 'capture', endpoint })
  }

  export(items: Items, resultCallback: (result: ExportResult) => void): void {
    let encoded: EncodedRequest
    try {
      encoded = this.#encode(items)
    } catch (error) {
      const message = `these ${this.#signal} can't be encoded: ${(error as Error).message}`
      const reason = new OtlpExportError('NotEncodable', message, undefined, { cause: error })
      this.#tell(resultCallback, failed(reason))
      return
    }
    this.#recorder.record(this.#signal, () => encoded)
    const { concurrencyLimit } = this.#target
    const { itemCount } = encoded.summary
    if (this.#underWay.size >= concurrencyLimit) {
      this.#meter.refuse(itemCount, 'limit_reached')
      const message = `${concurrencyLimit} exports to ${this.#shownTarget()} are under way`
      this.#tell(resultCallback, failed(new OtlpExportError('LimitReached', message)))
      return
    }
    const sending = this.#send(encoded.body, itemCount).then((result) => {
      this.#underWay.delete(sending)
      this.#tell(resultCallback, result)
    })
    this.#underWay.add(sending)
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  async shutdown(): Promise<void> {
    await this.forceFlush()
    this.#client.close()
  }

  async #send(body: Uint8Array, itemCount: number): Promise<ExportResult> {
    // The waits between attempts hold nobody, and whoever awaits a shutdown must get to its end.
    const release = holdProcess()
    const begunAt = this.#meter.begin(itemCount)
    try {
      const answer = await this.#post(body)
      this.#meter.end(begunAt, itemCount, answer, failureIn(answer, itemCount))
      return this.#resultOf(answer)
    } catch (error) {
      const answer = error instanceof AskedToRetry ? error.answer : undefined
      const failure = answer ? failureIn(answer, itemCount) : failureBy(error, itemCount)
      this.#meter.end(begunAt, itemCount, answer ?? {}, failure)
      return failed(this.#failureFrom(error))
    } finally {
      release()
    }
  }

  async #post(body: Uint8Array): Promise<OtlpAnswer> {
    const encoded = await this.#client.encode(body)
    return retrying(
      async (abort) => {
        const answer = await this.#client.post(encoded, abort)
        if (answer.verdict === 'again') throw new AskedToRetry(answer)
        return answer
      },
      {
        isRetryable: (error) =>
          error instanceof AskedToRetry ||
          RETRYABLE_FAILURES.has((error as { code?: unknown }).code),
        delayHintMillis: (error) =>
          error instanceof AskedToRetry ? error.answer.retryAfterMillis : undefined,
        timeoutMillis: this.#target.timeoutMillis,
        maxAttempts: MAX_ATTEMPTS,
        initialDelayMillis: INITIAL_RETRY_DELAY_MILLIS,
      },
    )
  }

  #resultOf(answer: OtlpAnswer): ExportResult {
    if (answer.verdict === 'accepted') {
      if (answer.warning) this.#warn(`took a batch with a warning: ${answer.warning}`)
      return succeeded()
    }
    const { statusCode = 0, message } = answer
    // Whatever comes with a 2xx, the batch was taken, and is not to be sent again.
    if (statusCode >= 200 && statusCode < 300) {
      this.#warn(message)
      return succeeded()
    }
    return failed(this.#refusal(message, statusCode))
  }

  #failureFrom(error: unknown): OtlpExportError {
    if (error instanceof AskedToRetry) return this.#refusal(error.message, error.answer.statusCode)
    const shown = this.#shownTarget()
    const reason = reasonIn(error)
    const message =
      error instanceof RetryTimeoutError
        ? `${shown} gave ${reason}${error.cause ? `; before that: ${reasonIn(error.cause)}` : ''}`
        : `nothing could be sent to ${shown}: ${reason}`
    return new OtlpExportError('Unanswered', message, undefined, { cause: error })
  }

  #refusal(message: string, statusCode?: number): OtlpExportError {
    return new OtlpExportError('Refused', `${this.#shownTarget()} ${message}`, statusCode)
  }

  #warn(message: string): void {
    this.#warnings.warn(`${this.#shownTarget()} ${message}`)
  }

  /** Thrown past the SDK's processors, an error of the callback would be an unhandled rejection. */
  #tell(resultCallback: (result: ExportResult) => void, result: ExportResult): void {
    try {
      resultCallback(result)
    } catch (error) {
      this.#warnings.warn(`whoever exported ${this.#signal} failed at the result: ${String(error)}`)
    }
  }

  /** Without credentials and query, which may hold a key. */
  #shownTarget(): string {
    const { origin, pathname } = this.#target.url
    return origin + pathname
  }
}

class AskedToRetry extends Error {
  constructor(readonly answer: OtlpAnswer & { readonly verdict: 'again' }) {
    super(answer.message)
  }
}

function succeeded(): ExportResult {
  return { code: ExportResultCode.SUCCESS }
}

function failed(error: OtlpExportError): ExportResult {
  return { code: ExportResultCode.FAILED, error }
}

/** The message, and the code where the message says nothing, as with an AggregateError. */
function reasonIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message || ((error as { code?: string }).code ?? error.name)
}

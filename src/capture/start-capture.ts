// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setTimeout as sleep } from 'node:timers/promises'
import { diag } from '@opentelemetry/api'
import type { EncodedRequest } from '../otlp/encoded-request'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import type { LogRecordExporter, PushMetricExporter, SpanExporter } from '../otlp/sdk-types'
import { SIGNALS, type Signal, isSignal } from '../otlp/signal'
import { sniffSignal } from '../otlp/sniff-signal'
import { type RequestSummary, summarizeRequest } from '../otlp/summarize-request'
import { endingLimits } from '../session/ending-limits'
import type { SessionMetadata } from '../session/metadata'
import { SessionError } from '../session/session-error'
import { type AcceptedBatch, SessionWriter } from '../session/session-writer'
import { holdProcess } from '../storage/hold-process'
import type { ObjectStore } from '../storage/object-store'
import { openStore } from '../storage/open-store'
import { batchesFailed } from '../telemetry/instruments'
import type { Capture, CapturedDataReference } from './capture'
import {
  type CaptureConfig,
  type ResolvedCaptureConfig,
  resolveCaptureConfig,
} from './capture-config'
import { CaptureError, toCaptureError } from './capture-error'
import { type CaptureSpool, openCaptureSpool } from './capture-spool'
import { CapturingLogRecordExporter } from './capturing-log-record-exporter'
import { CapturingMetricExporter } from './capturing-metric-exporter'
import { CapturingSpanExporter } from './capturing-span-exporter'
import type { OtlpExporterOptions } from './otlp-exporter-options'
import { type OtlpExporters, createOtlpExporters } from './otlp-exporters'
import { watchForLoss } from './loss-at-exit'
import { createRareWarnings } from './rare-warnings'

export type { Capture, CapturedDataReference } from './capture'

/**
 * Starts recording into a session, at once; the session appears in the store in
 * the background. A wrong option throws `CaptureError` of reason `InvalidConfig`.
 * Nothing else about a capture ever throws into the app, delays an export or
 * changes its result.
 *
 * @example
 * const capture = startCapture({ sessionId: 'debug-payment', store: 'file:./tapes' })
 * const sdk = new NodeSDK({ traceExporter: capture.spanExporter(new OTLPTraceExporter()) })
 * sdk.start()
 * // …
 * await sdk.shutdown()
 * const metadata = await capture.stop()
 */
export function startCapture(config: CaptureConfig = {}): Capture {
  return new SessionCapture(resolveCaptureConfig(config))
}

/** What is left of a batch when sampling has left out all of it. */
const NOTHING: EncodedRequest = Object.freeze({
  body: new Uint8Array(0),
  summary: { itemCount: 0, serviceNames: [] },
})

/** How long raw data waits to hear that the session may not be written: a store may hang. */
const DECISION_MILLIS = 1_000

class SessionCapture implements Capture {
  readonly sessionId: string
  readonly ready: Promise<void>
  readonly #config: ResolvedCaptureConfig
  readonly #store: ObjectStore
  readonly #spool: CaptureSpool | undefined
  readonly #writer: SessionWriter
  readonly #warnings = createRareWarnings()
  readonly #enabled: ReadonlySet<Signal>
  readonly #decided: Promise<void>
  readonly #durationTimer: NodeJS.Timeout | undefined
  readonly #endLossWatch: () => void
  #lastFailure = 'none yet, it has not answered'
  #refusal: CaptureError | undefined
  #stopping: Promise<SessionMetadata> | undefined
  #final: SessionMetadata | undefined

  constructor(config: ResolvedCaptureConfig) {
    const { sessionId, diagnosticSessionId, description, createdBy, enabledFlags } = config
    this.#config = config
    this.sessionId = sessionId
    this.#enabled = enabledSignals(config)
    this.#store = openConfiguredStore(config.store)
    const session = { sessionId, diagnosticSessionId, description, createdBy, enabledFlags }
    this.#spool = openCaptureSpool(config, session, this.#store, this.#warnings)
    this.#writer = new SessionWriter({
      store: this.#store,
      description: session,
      join: config.join,
      compressionLevel: config.compressionLevel,
      flushIntervalMillis: config.flushIntervalMillis,
      maxQueueBytes: config.maxQueueBytes,
      onStoreFailure: (error) => this.#onStoreFailure(error),
      createSpool: this.#spool?.createSpool,
    })
    void this.#spool?.recoverAfter(this.#writer.decided)
    this.ready = this.#writer.ready.catch((error: unknown) => this.#onNotReady(error))
    const looked = this.ready.catch(() => undefined)
    this.#decided = Promise.race([looked, sleep(DECISION_MILLIS, undefined, { ref: false })])
    this.#durationTimer = this.#startDurationTimer()
    const waitingItems = (): Record<Signal, number> => this.#writer.waitingItems
    this.#endLossWatch = watchForLoss({ sessionId, waitingItems })
  }

  spanExporter(inner?: SpanExporter): SpanExporter {
    return new CapturingSpanExporter(this, inner)
  }

  metricExporter(inner?: PushMetricExporter): PushMetricExporter {
    return new CapturingMetricExporter(this, inner)
  }

  logRecordExporter(inner?: LogRecordExporter): LogRecordExporter {
    return new CapturingLogRecordExporter(this, inner)
  }

  otlpExporters(options?: OtlpExporterOptions): OtlpExporters {
    return createOtlpExporters(this, options)
  }

  record(signal: Signal, encode: () => EncodedRequest): void {
    if (this.#stopping || this.#refusal || !this.#enabled.has(signal)) return
    try {
      const { body, summary } = this.#screen(signal, encode()) ?? NOTHING
      if (body.length > 0 && !this.#write(signal, body, summary)) {
        this.#warnings.warn(
          `${this.#store.url} is too slow or down: ${this.#config.maxQueueBytes} bytes wait, ` +
            `a batch of ${signal} was dropped (session '${this.sessionId}'). ` +
            `Last failure: ${this.#lastFailure}`,
        )
      }
    } catch (error) {
      batchesFailed.series({ 'otel_tape.signal': signal }).add(1)
      this.#warnings.warn(`a batch of ${signal} could not be recorded: ${String(error)}`)
    }
  }

  async captureOTLPData(bytes: Uint8Array, signal: Signal): Promise<CapturedDataReference> {
    this.#checkRawData(bytes, signal)
    let kept: EncodedRequest | undefined
    let accepted: AcceptedBatch | undefined
    try {
      // A copy: the bytes are compressed later, and the caller may reuse its buffer.
      const body = Uint8Array.from(bytes)
      kept = this.#screen(signal, { body, summary: summarizeRequest(body, signal) })
      accepted = kept && this.#write(signal, kept.body, kept.summary)
    } catch (error) {
      if (!(error instanceof MalformedOtlpError)) throw error
      throw new CaptureError(
        'InvalidConfig',
        `captureOTLPData: these ${bytes.length} bytes are no OTLP ${signal}: ${error.message}`,
        this.sessionId,
        { cause: error },
      )
    }
    // Whether the session may be written at all is known only once it was looked for.
    await this.#decided
    if (this.#refusal) throw this.#refusal
    if (kept && !accepted) throw this.#queueIsFull()
    return {
      key: accepted?.key ?? '',
      signalType: signal,
      timestamp: new Date().toISOString(),
      sizeBytes: kept?.body.length ?? 0,
      recordCount: accepted?.itemCount ?? 0,
      compressed: this.#config.compressionLevel > 0,
    }
  }

  async flush(): Promise<void> {
    if (this.#stopping) return
    const release = holdProcess()
    try {
      await this.#writer.flush(AbortSignal.timeout(this.#config.stopTimeoutMillis))
    } catch (error) {
      throw toCaptureError(error, this.sessionId)
    } finally {
      release()
    }
  }

  stop(): Promise<SessionMetadata> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  status(): SessionMetadata {
    return this.#final ?? this.#writer.localMetadata(this.#refusal ? 'failed' : 'active')
  }

  async #stop(): Promise<SessionMetadata> {
    clearInterval(this.#durationTimer)
    const release = holdProcess()
    let recovered: Promise<void> | undefined
    try {
      const { signal, storing } = endingLimits(this.#config.stopTimeoutMillis)
      recovered = this.#spool?.stop(signal)
      this.#final = await this.#writer.close(signal, storing)
    } catch (error) {
      // Of a session that was refused, the app has been told already.
      if (this.#refusal === undefined) this.#onStoreFailure(error)
      this.#final = { ...this.#writer.localMetadata('failed'), endTime: new Date().toISOString() }
      this.#spool?.tellOfRest(this.#final)
    }
    // What was dropped is counted by now, and told in the metadata.
    this.#endLossWatch()
    await recovered
    if (this.#store !== this.#config.store) await this.#store.close().catch(() => undefined)
    release()
    return this.#final
  }

  /** What of a request may be kept, if anything is left; what is not is counted. */
  #screen(signal: Signal, request: EncodedRequest): EncodedRequest | undefined {
    const { screen } = this.#config
    if (screen === undefined) return request
    try {
      const { kept, sampledOutItems } = screen.screen(signal, request)
      if (sampledOutItems > 0) this.#writer.countSampledOut(signal, sampledOutItems)
      return kept
    } catch (error) {
      this.#writer.drop(signal, request.summary.itemCount)
      throw error
    }
  }

  #write(signal: Signal, body: Uint8Array, summary: RequestSummary): AcceptedBatch | undefined {
    const capturedAtUnixNano = BigInt(Date.now()) * 1_000_000n
    const accepted = this.#writer.write({ signal, body, capturedAtUnixNano }, summary)
    const { maxSizeMB } = this.#config
    if (maxSizeMB > 0 && this.#writer.keptBytes >= maxSizeMB * 1_000_000) {
      this.#endAtLimit(`maxSizeMB ${maxSizeMB}`)
    }
    return accepted
  }

  #startDurationTimer(): NodeJS.Timeout | undefined {
    const { maxDurationMinutes } = this.#config
    if (maxDurationMinutes === 0 || maxDurationMinutes === Infinity) return undefined
    // Not by the clock: it may be set while the app runs.
    const endMillis = performance.now() + maxDurationMinutes * 60_000
    // Again and again: a single timer can't wait for more than 24 days.
    const timer = setInterval(
      () => {
        if (performance.now() >= endMillis)
          this.#endAtLimit(`maxDurationMinutes ${maxDurationMinutes}`)
      },
      Math.min(maxDurationMinutes * 60_000, 60_000),
    )
    return timer.unref()
  }

  #endAtLimit(limit: string): void {
    if (this.#stopping) return
    this.#warnings.announce(
      `session '${this.sessionId}' reached ${limit} and ends here; the app goes on uncaptured`,
    )
    void this.stop()
  }

  #onNotReady(error: unknown): never {
    const reason = toCaptureError(error, this.sessionId)
    if (error instanceof SessionError) {
      this.#refusal = reason
      clearInterval(this.#durationTimer)
      this.#warnings.announce(`nothing is captured: ${reason.message}`)
    }
    throw reason
  }

  #onStoreFailure(error: unknown): void {
    const { message } = toCaptureError(error, this.sessionId)
    this.#lastFailure = message
    this.#warnings.warn(
      `session '${this.sessionId}' can't be stored in ${this.#store.url} now: ${message}`,
    )
  }

  #checkRawData(bytes: Uint8Array, signal: Signal): void {
    const problem = !isSignal(signal)
      ? `signal '${String(signal)}' is none of ${SIGNALS.join(', ')}`
      : !((bytes as unknown) instanceof Uint8Array)
        ? `bytes must be a Uint8Array, got ${typeof bytes}`
        : !this.#enabled.has(signal)
          ? `this capture does not record ${signal}`
          : holdsAnother(bytes, signal)
            ? `these ${bytes.length} bytes are OTLP ${sniffSignal(bytes)}, not ${signal}`
            : undefined
    if (problem) {
      throw new CaptureError('InvalidConfig', `captureOTLPData: ${problem}`, this.sessionId)
    }
    if (this.#refusal) throw this.#refusal
    if (this.#stopping) {
      const message = `session '${this.sessionId}' has ended; start another capture`
      throw new CaptureError('SessionCompleted', message, this.sessionId)
    }
  }

  #queueIsFull(): CaptureError {
    return new CaptureError(
      'StorageFailure',
      `the batch was dropped: ${this.#config.maxQueueBytes} bytes wait for ${this.#store.url}; ` +
        `raise maxQueueBytes, or see why the store is slow`,
      this.sessionId,
    )
  }
}

/** The three kinds of request look alike from outside; counted as another, one would be stored for good. */
function holdsAnother(bytes: Uint8Array, signal: Signal): boolean {
  return (sniffSignal(bytes) ?? signal) !== signal
}

function enabledSignals(config: ResolvedCaptureConfig): ReadonlySet<Signal> {
  const { captureTraces, captureMetrics, captureLogs } = config
  const enabled = { traces: captureTraces, metrics: captureMetrics, logs: captureLogs }
  return new Set(SIGNALS.filter((signal) => enabled[signal]))
}

/** Where a capture keeps its session when the environment names a store that is none. */
const FALLBACK_STORE = 'file:.otel-tape'

function openConfiguredStore(store: ObjectStore | string | undefined): ObjectStore {
  if (typeof store === 'object') return store
  try {
    return openStore(store)
  } catch (error) {
    const { message } = error as Error
    if (store === undefined) {
      diag.warn(
        `otel-tape: the environment's store is ignored, using ${FALLBACK_STORE}: ${message}`,
      )
      return openStore(FALLBACK_STORE)
    }
    throw new CaptureError('InvalidConfig', `startCapture: ${message}`, undefined, { cause: error })
  }
}

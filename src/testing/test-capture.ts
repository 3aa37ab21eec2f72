// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReadableLogRecord, ReadableSpan } from '../otlp/sdk-types'
import type { CapturedMetric } from './captured-metric'
import type { CapturedLog, CapturedSpan, OpenSpan } from './captured-telemetry'
import { CapturingMetricReader, type TestMetricReader } from './capturing-metric-reader'
import { type Expiry, logExpiryMessage, spanExpiryMessage } from './expiry-message'
import { type GlobalRegistration, registerGlobally } from './global-providers'
import { blame } from './call-site'
import {
  LOG_FIELDS,
  type LogMatch,
  METRIC_FIELDS,
  type MatchableFields,
  type Matcher,
  type MetricMatch,
  SPAN_FIELDS,
  type SpanMatch,
  createMatcher,
  inspectBriefly,
} from './match'
import { PendingWaits } from './pending-waits'
import { MAX_TIMEOUT_MILLIS } from './real-deadline'
import { Recording } from './recording'
import { TestCaptureError, WaitTimeoutError } from './test-capture-error'
import {
  type TelemetryReceiver,
  type TestLogRecordProcessor,
  type TestSpanProcessor,
  createLogRecordProcessor,
  createSpanProcessor,
} from './test-processors'
import { formatTraceTree } from './trace-tree'

export interface TestCaptureOptions {
  /**
   * Sets up global OpenTelemetry providers, context propagation included, for
   * code that is instrumented with the API alone. One capture at a time can have
   * them. Default false: give the processors to an SDK of your own.
   */
  register?: boolean
  /**
   * How long a wait lasts unless it says otherwise, in milliseconds of real
   * time. Default 3,000: before the time limit of the test itself, which would
   * end the test without saying what had arrived.
   */
  timeoutMillis?: number
}

export interface WaitOptions {
  /** In milliseconds of real time, also where the suite fakes its timers. */
  timeoutMillis?: number
  /** Ends the wait early; the promise rejects with `signal.reason`. */
  signal?: AbortSignal
}

const DEFAULTS = Object.freeze({ register: false, timeoutMillis: 3_000 })

/** Captures what one test suite's code sends through OpenTelemetry, in this process. */
export interface TestCapture {
  /** For `spanProcessors` of a tracer provider or NodeSDK; put it last, to see what the others did. */
  spanProcessor(): TestSpanProcessor
  /** For `metricReaders` (NodeSDK) or `readers` (MeterProvider): a new one for each provider. */
  metricReader(): TestMetricReader
  /** For `logRecordProcessors` (NodeSDK) or `processors` (LoggerProvider); put it last. */
  logRecordProcessor(): TestLogRecordProcessor

  /**
   * The first span that matches, among those that have ended since the last
   * reset; if there is none yet, the next one that does.
   *
   * @example
   * const span = await tape.waitForSpan({ name: 'GET /cart', status: 'ERROR' })
   * expect(span.children.map((child) => child.name)).toEqual(['SELECT cart'])
   * @throws WaitTimeoutError with the traces so far in its message
   * @throws TestCaptureError `INVALID_MATCH`, `INVALID_OPTION`, `CAPTURE_RESET`, `CAPTURE_STOPPED`
   */
  waitForSpan(
    match: SpanMatch | ((span: CapturedSpan) => boolean),
    options?: WaitOptions,
  ): Promise<CapturedSpan>
  /** As `waitForSpan`, for log records. */
  waitForLog(
    match: LogMatch | ((log: CapturedLog) => boolean),
    options?: WaitOptions,
  ): Promise<CapturedLog>

  /** Spans that have ended since the last reset, in that order. */
  spans(match?: SpanMatch | ((span: CapturedSpan) => boolean)): CapturedSpan[]
  /** Copies of spans that have started since the last reset and not ended. */
  openSpans(match?: SpanMatch | ((span: OpenSpan) => boolean)): OpenSpan[]
  /** Log records emitted since the last reset, in that order. */
  logs(match?: LogMatch | ((log: CapturedLog) => boolean)): CapturedLog[]
  /**
   * Collects now: what counters and histograms got since the last reset, the
   * level of up-down counters, the last value of gauges.
   *
   * @throws TestCaptureError `NO_METRIC_READER`, `COLLECT_FAILED`
   */
  metrics(match?: MetricMatch | ((metric: CapturedMetric) => boolean)): Promise<CapturedMetric[]>
  /** All traces since the last reset as indented text, open spans included. */
  traceTree(): string

  /**
   * Forgets what was captured, and nothing else: providers, tracers and
   * instruments live on. Spans and logs are forgotten at once, metrics when the
   * promise resolves. A span that is open now belongs to the time before, and is
   * not captured when it ends. Pending waits reject with `CAPTURE_RESET`.
   */
  reset(): Promise<void>
  /**
   * Captures no more, and takes global providers off again if `register` had set
   * them. What was captured stays readable.
   */
  stop(): Promise<void>
}

/**
 * Starts capturing in this process: no server, no network, no exporter.
 *
 * @example
 * const tape = startTestCapture({ register: true })
 * afterEach(() => tape.reset())
 * afterAll(() => tape.stop())
 *
 * test('a declined card is an error', async () => {
 *   await checkout({ card: 'declined' })
 *   const span = await tape.waitForSpan({ name: 'charge card' })
 *   expect(span.status.code).toBe('ERROR')
 * })
 *
 * @example <caption>With an SDK of one's own</caption>
 * const tape = startTestCapture()
 * const sdk = new NodeSDK({
 *   spanProcessors: [tape.spanProcessor()],
 *   metricReaders: [tape.metricReader()],
 *   logRecordProcessors: [tape.logRecordProcessor()],
 * })
 *
 * @throws TestCaptureError `INVALID_OPTION`, `ALREADY_REGISTERED`, `SDK_NOT_FOUND`
 */
export function startTestCapture(options: TestCaptureOptions = {}): TestCapture {
  const { register, timeoutMillis } = { ...DEFAULTS, ...options }
  requireTimeout(timeoutMillis)
  const capture = new InProcessCapture(timeoutMillis)
  if (register) capture.register()
  return capture
}

class InProcessCapture implements TestCapture, TelemetryReceiver {
  readonly #timeoutMillis: number
  readonly #spanWaits = new PendingWaits<CapturedSpan>()
  readonly #logWaits = new PendingWaits<CapturedLog>()
  readonly #readers: CapturingMetricReader[] = []
  #spanAttachment: Expiry['attachment'] = 'none'
  #logAttachment: Expiry['attachment'] = 'none'
  #recording = new Recording()
  #registration?: GlobalRegistration
  #stopped?: Promise<void>
  /** Set by stop(): what had been measured by then. */
  #finalMetrics?: Promise<CapturedMetric[]>

  constructor(timeoutMillis: number) {
    this.#timeoutMillis = timeoutMillis
  }

  register(): void {
    this.#registration = registerGlobally(this)
    this.#spanAttachment = 'silent'
    if (this.#registration.hasLogs) this.#logAttachment = 'silent'
    if (this.#registration.metricReader) this.#readers.push(this.#registration.metricReader)
  }

  spanProcessor(): TestSpanProcessor {
    if (this.#spanAttachment === 'none') this.#spanAttachment = 'silent'
    return createSpanProcessor(this)
  }

  metricReader(): TestMetricReader {
    const reader = new CapturingMetricReader()
    this.#readers.push(reader)
    return reader
  }

  logRecordProcessor(): TestLogRecordProcessor {
    if (this.#logAttachment === 'none') this.#logAttachment = 'silent'
    return createLogRecordProcessor(this)
  }

  spanStarted(span: ReadableSpan): void {
    if (this.#stopped) return
    this.#spanAttachment = 'busy'
    this.#recording.start(span)
  }

  spanEnded(span: ReadableSpan): void {
    if (this.#stopped) return
    this.#spanAttachment = 'busy'
    const captured = this.#recording.end(span)
    if (captured) this.#arrived(captured.traceId, captured, undefined)
  }

  logEmitted(record: ReadableLogRecord): void {
    if (this.#stopped) return
    this.#logAttachment = 'busy'
    const captured = this.#recording.emit(record)
    this.#arrived(captured.traceId, undefined, captured)
  }

  async waitForSpan(
    match: SpanMatch | ((span: CapturedSpan) => boolean),
    options: WaitOptions = {},
  ): Promise<CapturedSpan> {
    const caller = new Error()
    const matcher = createMatcher<CapturedSpan, SpanMatch>(match, SPAN_FIELDS)
    return this.#wait(this.#recording.spans, this.#spanWaits, matcher, options, (timeoutMillis) => {
      const expiry = { timeoutMillis, attachment: this.#spanAttachment }
      const message = spanExpiryMessage(matcher, { ...expiry, recording: this.#recording })
      return new WaitTimeoutError(message, timeoutMillis)
    }).catch(blame(caller))
  }

  async waitForLog(
    match: LogMatch | ((log: CapturedLog) => boolean),
    options: WaitOptions = {},
  ): Promise<CapturedLog> {
    const caller = new Error()
    const matcher = createMatcher<CapturedLog, LogMatch>(match, LOG_FIELDS)
    return this.#wait(this.#recording.logs, this.#logWaits, matcher, options, (timeoutMillis) => {
      const expiry = { timeoutMillis, attachment: this.#logAttachment }
      const message = logExpiryMessage(matcher, { ...expiry, recording: this.#recording })
      return new WaitTimeoutError(message, timeoutMillis)
    }).catch(blame(caller))
  }

  spans(match?: SpanMatch | ((span: CapturedSpan) => boolean)): CapturedSpan[] {
    return select<CapturedSpan, SpanMatch>(this.#recording.spans, match, SPAN_FIELDS)
  }

  openSpans(match?: SpanMatch | ((span: OpenSpan) => boolean)): OpenSpan[] {
    return select<OpenSpan, SpanMatch>(this.#recording.openSpans(), match, SPAN_FIELDS)
  }

  logs(match?: LogMatch | ((log: CapturedLog) => boolean)): CapturedLog[] {
    return select<CapturedLog, LogMatch>(this.#recording.logs, match, LOG_FIELDS)
  }

  async metrics(
    match?: MetricMatch | ((metric: CapturedMetric) => boolean),
  ): Promise<CapturedMetric[]> {
    const metrics = await (this.#finalMetrics ?? this.#collect())
    return select<CapturedMetric, MetricMatch>(metrics, match, METRIC_FIELDS)
  }

  traceTree(): string {
    return formatTraceTree(this.#recording)
  }

  async reset(): Promise<void> {
    this.#recording = new Recording(this.#recording)
    this.#failWaits('CAPTURE_RESET', 'The capture was reset while this wait was pending.')
    if (this.#stopped) this.#finalMetrics = Promise.resolve([])
    else await Promise.all(this.#readers.map((reader) => reader.reset()))
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop())
  }

  async #stop(): Promise<void> {
    this.#registration?.unregister()
    this.#failWaits('CAPTURE_STOPPED', 'The capture was stopped while this wait was pending.')
    this.#finalMetrics = this.#collect()
    // Whoever reads the metrics hears of it; a suite that has none need not.
    await this.#finalMetrics.catch(() => undefined)
    // The provider lives on for the next capture, which must not see what this one saw.
    await this.#registration?.metricReader?.reset()
  }

  async #wait<T>(
    captured: readonly T[],
    waits: PendingWaits<T>,
    matcher: Matcher<T>,
    { timeoutMillis = this.#timeoutMillis, signal }: WaitOptions,
    expired: (timeoutMillis: number) => WaitTimeoutError,
  ): Promise<T> {
    requireTimeout(timeoutMillis)
    const found = captured.find((item) => matcher.matches(item))
    if (found !== undefined) return found
    if (this.#stopped) {
      throw new TestCaptureError(
        'CAPTURE_STOPPED',
        `Nothing ${matcher.description} was captured before the capture was stopped.`,
      )
    }
    return waits.add({ matcher, timeoutMillis, signal, expired: () => expired(timeoutMillis) })
  }

  /** Settles what waits for the span or log that has come, or for relatives of others in its trace. */
  #arrived(traceId: string | undefined, span?: CapturedSpan, log?: CapturedLog): void {
    const recording = this.#recording
    this.#spanWaits.arrived(span, () => (traceId ? recording.endedSpansOf(traceId) : []))
    this.#logWaits.arrived(log, () => (traceId ? recording.logsOfTrace(traceId) : log ? [log] : []))
  }

  async #collect(): Promise<CapturedMetric[]> {
    if (!this.#readers.some((reader) => reader.isAttached)) {
      throw new TestCaptureError(
        'NO_METRIC_READER',
        'No meter provider has a reader of this capture: give tape.metricReader() to yours, or ' +
          'install @opentelemetry/sdk-metrics and start the capture with { register: true }.',
      )
    }
    return (await Promise.all(this.#readers.map((reader) => reader.metrics()))).flat()
  }

  #failWaits(code: 'CAPTURE_RESET' | 'CAPTURE_STOPPED', message: string): void {
    this.#spanWaits.failAll(() => new TestCaptureError(code, message))
    this.#logWaits.failAll(() => new TestCaptureError(code, message))
  }
}

function select<T, M extends object>(
  items: readonly T[],
  match: M | ((item: T) => boolean) | undefined,
  fields: MatchableFields<T, M>,
): T[] {
  if (match === undefined) return [...items]
  const matcher = createMatcher(match, fields)
  return items.filter((item) => matcher.matches(item))
}

function requireTimeout(timeoutMillis: unknown): void {
  const isNumber = typeof timeoutMillis === 'number'
  if (isNumber && timeoutMillis >= 0 && timeoutMillis <= MAX_TIMEOUT_MILLIS) return
  throw new TestCaptureError(
    'INVALID_OPTION',
    `timeoutMillis is ${inspectBriefly(timeoutMillis)}; it must be a number of milliseconds ` +
      `from 0 to ${MAX_TIMEOUT_MILLIS}.`,
  )
}

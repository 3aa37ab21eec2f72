// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type {
  AggregationOption,
  AggregationTemporality as Temporality,
  InstrumentType,
  ResourceMetrics,
} from '../otlp/sdk-types'
import { AggregationTemporality } from '../otlp/sdk-types'
import type { CapturedMetric } from './captured-metric'
import { MetricAccumulator } from './metric-accumulator'
import { startRealDeadline } from './real-deadline'
import { TestCaptureError } from './test-capture-error'

/** A result of the SDK's `collect`. */
export interface MetricCollection {
  resourceMetrics: ResourceMetrics
  errors: unknown[]
}

/** What a MeterProvider hands to its readers. */
export interface MetricProducer {
  collect(options?: { timeoutMillis?: number }): Promise<MetricCollection>
}

/** A metric reader of SDK 2.x and 3.x, told by structure. */
export interface TestMetricReader {
  setMetricProducer(producer: MetricProducer): void
  selectAggregation(instrumentType: InstrumentType): AggregationOption
  selectAggregationTemporality(instrumentType: InstrumentType): Temporality
  selectCardinalityLimit(instrumentType: InstrumentType): number
  collect(options?: { timeoutMillis?: number }): Promise<MetricCollection>
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

// Levels are only of use as levels: "3 requests in flight", not "1 fewer".
const LEVELS: readonly InstrumentType[] = ['UP_DOWN_COUNTER', 'OBSERVABLE_UP_DOWN_COUNTER']
const AGGREGATION_TYPE_DEFAULT = 0
const CARDINALITY_LIMIT = 2000
const COLLECT_TIMEOUT_MILLIS = 5_000

/**
 * Collects only when asked, and asks the SDK for deltas, so that a reset can
 * start all counters and histograms from nothing while the provider lives on.
 */
export class CapturingMetricReader implements TestMetricReader {
  readonly #accumulator = new MetricAccumulator()
  readonly #timeoutMillis: number
  #producer?: MetricProducer
  #stopped = false
  /** Collections run one after the other: each hands out a measurement once. */
  #last: Promise<unknown> = Promise.resolve()

  /** @param timeoutMillis real time that observable callbacks have, some of which never settle */
  constructor(timeoutMillis = COLLECT_TIMEOUT_MILLIS) {
    this.#timeoutMillis = timeoutMillis
  }

  get isAttached(): boolean {
    return this.#producer !== undefined
  }

  setMetricProducer(producer: MetricProducer): void {
    if (this.#producer) {
      throw new TestCaptureError(
        'INVALID_OPTION',
        'A metric reader serves one MeterProvider: call tape.metricReader() once for each.',
      )
    }
    this.#producer = producer
  }

  selectAggregation(): AggregationOption {
    return { type: AGGREGATION_TYPE_DEFAULT }
  }

  selectAggregationTemporality(instrumentType: InstrumentType): Temporality {
    return LEVELS.includes(instrumentType)
      ? AggregationTemporality.CUMULATIVE
      : AggregationTemporality.DELTA
  }

  selectCardinalityLimit(): number {
    return CARDINALITY_LIMIT
  }

  async collect(): Promise<MetricCollection> {
    if (!this.#producer) {
      throw new TestCaptureError('NO_METRIC_READER', 'This reader has no MeterProvider yet.')
    }
    const collection = await withinRealTime(this.#producer.collect(), this.#timeoutMillis)
    this.#accumulator.add(collection.resourceMetrics)
    return collection
  }

  /**
   * What was measured since the last reset, up to now.
   *
   * @throws TestCaptureError `COLLECT_FAILED` if an observable callback failed or did not end
   */
  metrics(): Promise<CapturedMetric[]> {
    return this.#inTurn(async () => {
      throwIfAnyFailed(await this.#collectUnlessStopped())
      return this.#accumulator.metrics()
    })
  }

  reset(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#collectUnlessStopped()
      this.#accumulator.clear()
    })
  }

  async forceFlush(): Promise<void> {
    // Nothing is held back that a flush could hurry.
  }

  /** Keeps what was measured up to now readable after the provider is shut down. */
  shutdown(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#collectUnlessStopped()
      } finally {
        this.#stopped = true
      }
    })
  }

  /** @returns what observable callbacks threw */
  async #collectUnlessStopped(): Promise<readonly unknown[]> {
    return this.#producer && !this.#stopped ? (await this.collect()).errors : []
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(step, step)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

function throwIfAnyFailed(errors: readonly unknown[]): void {
  if (errors.length === 0) return
  throw new TestCaptureError(
    'COLLECT_FAILED',
    `${errors.length} observable callback(s) failed while metrics were collected: ` +
      `${errors.map(String).join('; ')}. Mend them, or remove them for this test.`,
    { cause: errors.length === 1 ? errors[0] : new AggregateError(errors) },
  )
}

function withinRealTime<T>(work: Promise<T>, timeoutMillis: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = startRealDeadline(timeoutMillis, () =>
      reject(
        new TestCaptureError(
          'COLLECT_FAILED',
          `Collecting metrics took longer than ${timeoutMillis} ms: does an observable ` +
            'callback wait for something that never comes, or for a faked timer?',
        ),
      ),
    )
    work.finally(cancel).then(resolve, reject)
  })
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import { decodeLogRecords } from '../otlp/decode-log-records'
import { decodeMetrics } from '../otlp/decode-metrics'
import { decodeSpans } from '../otlp/decode-spans'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import {
  type ExportResult,
  ExportResultCode,
  type LogRecordExporter,
  type PushMetricExporter,
  type ResourceMetrics,
  type SpanExporter,
} from '../otlp/sdk-types'
import { untraced } from '../storage/untraced'
import type { BatchTarget, Refusal } from './batch-sink'
import { type ReplayBatch, itemsOf } from './replay-batch'
import { ReplayError, messageOf } from './replay-error'

/** Exporters of the OpenTelemetry SDK, 2.x or 3.x, by signal. */
export interface ReplayExporters {
  traces?: SpanExporter
  metrics?: PushMetricExporter
  logs?: LogRecordExporter
}

/** When SDK processors give up on an exporter. */
export const DEFAULT_EXPORT_TIMEOUT_MILLIS = 30_000

/** Makes SDK objects of batches again and hands them to exporters, which stay their owner's. */
export function createExporterTarget(
  exporters: ReplayExporters,
  timeoutMillis = DEFAULT_EXPORT_TIMEOUT_MILLIS,
): BatchTarget {
  return new ExporterTarget(exporters, timeoutMillis)
}

const log = diag.createComponentLogger({ namespace: 'otel-tape/replay' })

/** One call of an exporter's `export`, and how many items it carries. */
interface ExportCall {
  readonly itemCount: number
  readonly run: (done: (result: ExportResult) => void) => void
}

class ExporterTarget implements BatchTarget {
  readonly #exporters: ReplayExporters
  readonly #timeoutMillis: number
  #hasWarned = false

  constructor(exporters: ReplayExporters, timeoutMillis: number) {
    this.#exporters = exporters
    this.#timeoutMillis = timeoutMillis
  }

  async deliver(batch: ReplayBatch, signal: AbortSignal): Promise<Refusal | undefined> {
    const refusals: Refusal[] = []
    try {
      for (const { itemCount, run } of this.#callsFor(batch, refusals)) {
        const message = await this.#outcome((resolve) => run(resultTo(resolve)), signal)
        if (message !== undefined) refusals.push({ itemCount, message })
      }
    } catch (error) {
      if (!(error instanceof MalformedOtlpError)) throw error
      refusals.push({ itemCount: itemsOf(batch), message: error.message })
    }
    return refusals.length === 0 ? undefined : merged(refusals)
  }

  async flush(): Promise<void> {
    const { traces, metrics, logs } = this.#exporters
    for (const exporter of [traces, metrics, logs]) {
      const message = await this.#outcome((resolve, reject) => {
        Promise.resolve(exporter?.forceFlush?.()).then(() => resolve(undefined), reject)
      })
      if (message === undefined) continue
      throw new ReplayError('IngestionFailure', `an exporter failed to flush: ${message}`)
    }
  }

  async close(): Promise<void> {}

  #callsFor({ signal, body }: ReplayBatch, refusals: Refusal[]): ExportCall[] {
    const { traces, metrics, logs } = this.#exporters
    if (signal === 'traces' && traces) {
      const spans = decodeSpans(body)
      return [{ itemCount: spans.length, run: (done) => traces.export(spans, done) }]
    }
    if (signal === 'logs' && logs) {
      const records = decodeLogRecords(body)
      return [{ itemCount: records.length, run: (done) => logs.export(records, done) }]
    }
    if (signal === 'metrics' && metrics) {
      const { resourceMetrics, unsupportedItemCount, inexactItemCount } = decodeMetrics(body)
      if (unsupportedItemCount > 0) {
        const message = "SDK objects can't carry summaries and points without a value"
        refusals.push({ itemCount: unsupportedItemCount, message })
      }
      if (inexactItemCount > 0) this.#warnOfInexactPoints()
      return resourceMetrics.map((resource) => ({
        itemCount: dataPointsIn(resource),
        run: (done) => metrics.export(resource, done),
      }))
    }
    throw new ReplayError('InvalidConfig', `there is no exporter for ${signal}`)
  }

  #warnOfInexactPoints(): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    log.warn("SDK objects can't carry exemplars: metrics go to their exporter without them")
  }

  /**
   * What went wrong in `work`, which runs untraced, as exporters do in an SDK;
   * `undefined` if nothing did. An exporter that throws, or never calls back,
   * has failed. Rejects when the signal fires.
   */
  async #outcome(work: Work, signal?: AbortSignal): Promise<string | undefined> {
    signal?.throwIfAborted()
    let timer: NodeJS.Timeout | undefined
    let onAbort: (() => void) | undefined
    try {
      return await new Promise<string | undefined>((resolve, reject) => {
        onAbort = () => reject(signal?.reason as Error)
        signal?.addEventListener('abort', onAbort, { once: true })
        const late = `no result within ${this.#timeoutMillis} ms`
        timer = setTimeout(() => resolve(late), this.#timeoutMillis)
        untraced(() => work(resolve, (error) => resolve(messageOf(error))))
      })
    } catch (error) {
      signal?.throwIfAborted()
      return messageOf(error)
    } finally {
      clearTimeout(timer)
      if (onAbort) signal?.removeEventListener('abort', onAbort)
    }
  }
}

type Work = (
  resolve: (failure: string | undefined) => void,
  reject: (error: unknown) => void,
) => void

function resultTo(resolve: (failure: string | undefined) => void): (result: ExportResult) => void {
  return ({ code, error }) => {
    const isSuccess = code === ExportResultCode.SUCCESS
    resolve(isSuccess ? undefined : (error?.message ?? 'the exporter failed and does not say why'))
  }
}

function dataPointsIn({ scopeMetrics }: ResourceMetrics): number {
  return scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .reduce((count, { dataPoints }) => count + dataPoints.length, 0)
}

function merged(refusals: readonly Refusal[]): Refusal {
  return {
    itemCount: refusals.reduce((sum, { itemCount }) => sum + itemCount, 0),
    message: [...new Set(refusals.map(({ message }) => message))].join('; '),
  }
}

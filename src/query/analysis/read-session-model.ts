// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Damage } from '../../session/damage'
import type { SessionLayout } from '../../session/session-location'
import type { ObjectStore } from '../../storage/object-store'
import { type DecodedBatch, readDecodedSession } from '../decoded-session'
import { LogRows } from './model/log-rows'
import { MetricRows } from './model/metric-rows'
import { ResourceTable } from './model/resource-numbers'
import { resolveParents } from './model/resolve-parents'
import { SpanRows } from './model/span-rows'
import { TraceIds } from './model/trace-ids'
import { groupByTrace } from './model/group-by-trace'
import type { SessionModel } from './session-model'

export interface ReadModelOptions {
  readonly store: ObjectStore
  readonly sessionId: string
  readonly layout?: SessionLayout
  /** Only batches that arrived at this time or later, in nanoseconds since the Unix epoch. */
  readonly fromUnixNano?: bigint
  /** Only batches that arrived before this time. */
  readonly toUnixNano?: bigint
  /** Spans that are held, at some 70 bytes each; as many log records and data points. Default 2 million. */
  readonly maxSpans?: number
  readonly onDamage?: (damage: Damage) => void
  /** Told after each batch. */
  readonly onProgress?: (progress: ModelProgress) => void
  readonly signal?: AbortSignal
}

export interface ModelProgress {
  /** Spans, data points and log records that were read. */
  readonly items: number
}

export const DEFAULT_MAX_SPANS = 2_000_000
/** Of what is damaged in the same way in a thousand places, this many are named. */
const MAX_DAMAGE = 1_000

/**
 * Reads a session into columns. Takes memory for `maxSpans` at the most, however large the
 * session is; what is beyond is counted in `leftOut`.
 */
export async function readSessionModel(options: ReadModelOptions): Promise<SessionModel> {
  const { store, sessionId, layout, fromUnixNano, toUnixNano, signal } = options
  const damage: Damage[] = []
  const reading = new ModelReading(options.maxSpans ?? DEFAULT_MAX_SPANS)
  const onDamage = (found: Damage): void => {
    if (damage.length < MAX_DAMAGE) damage.push(found)
    options.onDamage?.(found)
  }
  const read = { store, sessionId, layout, fromUnixNano, toUnixNano, signal, onDamage }
  for await (const batch of readDecodedSession(read)) {
    // A store of memory or files may never wait for anything.
    signal?.throwIfAborted()
    reading.add(batch)
    options.onProgress?.({ items: reading.items })
  }
  return reading.finish(sessionId, damage)
}

class ModelReading {
  items = 0
  readonly #traceIds = new TraceIds()
  readonly #resources = new ResourceTable()
  readonly #spans: SpanRows
  readonly #logs: LogRows
  readonly #metrics: MetricRows
  /** The first whole second that was seen: what is counted from it keeps its nanoseconds. */
  #originSeconds: number | undefined
  #firstMillis = Infinity
  #lastMillis = -Infinity

  constructor(maxSpans: number) {
    this.#spans = new SpanRows(this.#traceIds, maxSpans)
    this.#logs = new LogRows(this.#traceIds, maxSpans)
    this.#metrics = new MetricRows(this.#resources, this.#traceIds, maxSpans)
  }

  add(batch: DecodedBatch): void {
    const arrived = hrTimeOf(batch.capturedAtUnixNano)
    switch (batch.signal) {
      case 'traces':
        this.#addSpans(batch.spans, arrived)
        return
      case 'logs':
        this.#addLogs(batch.logRecords, arrived)
        return
      case 'metrics':
        this.#addMetrics(batch.request, arrived)
    }
  }

  finish(sessionId: string, damage: readonly Damage[]): SessionModel {
    const links = this.#spans.finishedLinks()
    const logs = this.#logs.finished(this.#spans)
    const exemplars = this.#metrics.finishedExemplars(this.#spans)
    const { parent, cyclicSpans } = resolveParents(this.#spans)
    const raw = this.#spans.rows.finished()
    const { count, operation, trace, startMillis, durationMillis, flags, statement, instance } = raw
    const spans = { count, operation, trace, parent, startMillis, durationMillis, flags }
    const traceIds = this.#traceIds
    const hasItems = this.#lastMillis >= this.#firstMillis
    return {
      sessionId,
      originUnixMillis: (this.#originSeconds ?? 0) * 1_000,
      firstMillis: hasItems ? this.#firstMillis : 0,
      lastMillis: hasItems ? this.#lastMillis : 0,
      services: this.#resources.services,
      operations: this.#spans.operations,
      statements: this.#spans.statements,
      spans: { ...spans, statement, instance },
      traces: {
        count: traceIds.count,
        idOf: (number) => traceIds.idOf(number),
        ...groupByTrace(traceIds.count, trace, startMillis),
      },
      links,
      logPatterns: this.#logs.patterns,
      logs,
      metricSeries: this.#metrics.finishedSeries(),
      exemplars,
      leftOut: {
        ...this.#spans.leftOut,
        ...this.#metrics.leftOut,
        logs: this.#logs.leftOut,
        backwardSpans: this.#spans.backwardSpans,
        cyclicSpans,
      },
      damage,
    }
  }

  #addSpans(spans: (DecodedBatch & { signal: 'traces' })['spans'], arrived: HrTime): void {
    for (const span of spans) {
      const startMillis = this.#millisOf(isSet(span.startTime) ? span.startTime : arrived)
      this.#cover(startMillis)
      const [seconds, nanos] = span.duration
      this.#cover(startMillis + Math.max(0, seconds * 1_000 + nanos / 1e6))
      this.#spans.add(span, this.#resources.numbersOf(span.resource.attributes), startMillis)
    }
    this.items += spans.length
  }

  #addLogs(records: (DecodedBatch & { signal: 'logs' })['logRecords'], arrived: HrTime): void {
    for (const record of records) {
      const { hrTime, hrTimeObserved, resource } = record
      const time = [hrTime, hrTimeObserved].find(isSet) ?? arrived
      const timeMillis = this.#millisOf(time)
      this.#cover(timeMillis)
      this.#logs.add(record, this.#resources.numbersOf(resource.attributes), timeMillis)
    }
    this.items += records.length
  }

  #addMetrics(request: (DecodedBatch & { signal: 'metrics' })['request'], arrived: HrTime): void {
    const millisOf = (unixNano: string | undefined): number | undefined =>
      unixNano === undefined ? undefined : this.#millisOf(hrTimeOf(BigInt(unixNano)))
    this.items += this.#metrics.add(request, ({ timeUnixNano, startTimeUnixNano }) => {
      const timeMillis = millisOf(timeUnixNano) ?? this.#millisOf(arrived)
      this.#cover(timeMillis)
      return { timeMillis, startMillis: millisOf(startTimeUnixNano) }
    })
  }

  #cover(millis: number): void {
    if (millis < this.#firstMillis) this.#firstMillis = millis
    if (millis > this.#lastMillis) this.#lastMillis = millis
  }

  #millisOf([seconds, nanos]: HrTime): number {
    this.#originSeconds ??= seconds
    return (seconds - this.#originSeconds) * 1_000 + nanos / 1e6
  }
}

type HrTime = readonly [seconds: number, nanos: number]

function isSet([seconds, nanos]: HrTime): boolean {
  return seconds !== 0 || nanos !== 0
}

function hrTimeOf(unixNano: bigint): HrTime {
  return [Number(unixNano / 1_000_000_000n), Number(unixNano % 1_000_000_000n)]
}

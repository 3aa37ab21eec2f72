// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReadableLogRecord } from '../../../otlp/sdk-types'
import type { LogColumns, LogPattern } from '../session-model'
import { GrowingColumns } from './growing-columns'
import { severityOf, templateOfLog, textOfLog } from './log-template'
import type { ResourceNumbers } from './resource-numbers'
import type { SpanRows } from './span-rows'
import { wordsOf } from './span-rows'
import type { TraceIds } from './trace-ids'

const MAX_PATTERNS = 10_000
const MAX_EXAMPLE_LENGTH = 500
const OTHER = '(other)'

/** Takes log records down by what they have in common. */
export class LogRows {
  leftOut = 0
  readonly #patterns: { -readonly [key in keyof LogPattern]: LogPattern[key] }[] = []
  readonly #numbers = new Map<string, number>()
  readonly #rows = new GrowingColumns((capacity) => ({
    pattern: new Uint32Array(capacity),
    timeMillis: new Float64Array(capacity),
    trace: new Int32Array(capacity),
    idHigh: new Uint32Array(capacity),
    idLow: new Uint32Array(capacity),
  }))
  readonly #traceIds: TraceIds
  readonly #maxLogs: number

  constructor(traceIds: TraceIds, maxLogs: number) {
    this.#traceIds = traceIds
    this.#maxLogs = maxLogs
  }

  get patterns(): readonly LogPattern[] {
    return this.#patterns
  }

  add(record: ReadableLogRecord, { service }: ResourceNumbers, timeMillis: number): void {
    if (this.#rows.count >= this.#maxLogs) {
      this.leftOut++
      return
    }
    const { traceId = '', spanId } = record.spanContext ?? {}
    const pattern = this.#patternOf(record, service)
    this.#patterns[pattern].count++
    const row = this.#rows.add()
    const { columns } = this.#rows
    columns.pattern[row] = pattern
    columns.timeMillis[row] = timeMillis
    columns.trace[row] = traceId === '' ? -1 : this.#traceIds.numberOf(traceId)
    ;[columns.idHigh[row], columns.idLow[row]] = wordsOf(spanId)
  }

  finished(spans: SpanRows): LogColumns {
    const { count, pattern, timeMillis, trace, idHigh, idLow } = this.#rows.finished()
    const span = Int32Array.from({ length: count }, (_, row) => {
      if (trace[row] < 0 || (idHigh[row] | idLow[row]) === 0) return -1
      const found = spans.find(trace[row], idHigh[row], idLow[row])
      return found < 0 ? -2 : found
    })
    return { count, pattern, timeMillis, trace, span }
  }

  #patternOf(record: ReadableLogRecord, service: number): number {
    const text = textOfLog(record.body, record.eventName)
    const severity = severityOf(record.severityNumber, record.severityText)
    const template = templateOfLog(text)
    const known = this.#numbers.get(`${service} ${severity} ${template}`)
    if (known !== undefined) return known
    if (this.#patterns.length >= MAX_PATTERNS) return this.#otherOf(service, severity)
    return this.#add({ service, severity, template, example: shortened(text), count: 0 })
  }

  /** For texts that have nothing in common: one for each service and severity. */
  #otherOf(service: number, severity: string): number {
    return (
      this.#numbers.get(`${service} ${severity} ${OTHER}`) ??
      this.#add({ service, severity, template: OTHER, example: OTHER, count: 0 })
    )
  }

  #add(pattern: LogPattern): number {
    const number = this.#patterns.push({ ...pattern }) - 1
    this.#numbers.set(`${pattern.service} ${pattern.severity} ${pattern.template}`, number)
    return number
  }
}

function shortened(text: string): string {
  return text.slice(0, MAX_EXAMPLE_LENGTH)
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { IndexedSpan, TraceSpans } from './indexed-trace'

/** What is told of a trace beside its spans. */
export interface TraceSummary {
  /** Of the span that has no parent, or else the earliest. */
  readonly serviceName: string
  /** Of all spans, in the order of their first. */
  readonly serviceNames: readonly string[]
  readonly startTimeUnixNano: bigint
  readonly durationNanos: bigint
  readonly spanCount: number
  readonly isError: boolean
  /** One line for people, and for an embedder: without times and ids. */
  readonly content: string
}

const MAX_NAMES = 12
const MAX_ERRORS = 4
const MAX_ERROR_LENGTH = 160

/** Of a trace with at least one span, in the order of their start. */
export function summarizeTrace({ spans, omittedSpanCount }: TraceSpans): TraceSummary {
  const root = rootOf(spans)
  let end = spans[0].endTimeUnixNano
  for (const { endTimeUnixNano } of spans) if (endTimeUnixNano > end) end = endTimeUnixNano
  const startTimeUnixNano = spans[0].startTimeUnixNano
  return {
    serviceName: root.serviceName,
    serviceNames: [...new Set(spans.map(({ serviceName }) => serviceName))],
    startTimeUnixNano,
    durationNanos: end - startTimeUnixNano,
    spanCount: spans.length + omittedSpanCount,
    isError: spans.some(hasFailed),
    content: contentOf(root, spans),
  }
}

function rootOf(spans: readonly IndexedSpan[]): IndexedSpan {
  return spans.find(({ parentSpanId }) => parentSpanId === undefined) ?? spans[0]
}

function hasFailed({ status, events }: IndexedSpan): boolean {
  return status === 'error' || events.some(({ name }) => name === 'exception')
}

function contentOf(root: IndexedSpan, spans: readonly IndexedSpan[]): string {
  const calls = new Set(spans.filter((span) => span !== root).map(callOf))
  calls.delete(callOf(root))
  const errors = new Set(spans.filter(hasFailed).map(errorOf))
  const parts = [callOf(root)]
  if (errors.size > 0) parts.push(`failed: ${enumerated(errors, MAX_ERRORS, '; ')}`)
  if (calls.size > 0) parts.push(`calls ${enumerated(calls, MAX_NAMES, ', ')}`)
  return parts.join(' | ')
}

function callOf({ serviceName, name }: IndexedSpan): string {
  return `${serviceName}: ${name}`
}

function errorOf(span: IndexedSpan): string {
  const { attributes, events, statusMessage } = span
  const exception = events.find(({ name }) => name === 'exception')?.attributes ?? attributes
  const type = exception['exception.type'] ?? attributes['error.type']
  const message = exception['exception.message'] ?? statusMessage ?? attributes['error.message']
  const told = [type, message].filter((part) => part !== undefined && part !== '').join(': ')
  const error = told === '' ? 'error' : told.replace(/\s+/g, ' ').slice(0, MAX_ERROR_LENGTH)
  return `${error} (${callOf(span)})`
}

function enumerated(parts: ReadonlySet<string>, most: number, separator: string): string {
  const shown = [...parts].slice(0, most).join(separator)
  return parts.size > most ? `${shown} and ${parts.size - most} more` : shown
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** What of an attribute is kept: texts are cut, and whatever else is no number or flag is JSON text. */
export type IndexedValue = string | number | boolean | readonly (string | number | boolean)[]

export type IndexedAttributes = Readonly<Record<string, IndexedValue>>

export type SpanKindName =
  'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer'

export type StatusName = 'unset' | 'ok' | 'error'

export interface IndexedEvent {
  readonly name: string
  readonly timeUnixNano?: bigint
  readonly attributes: IndexedAttributes
}

/** A span, as the index keeps it. */
export interface IndexedSpan {
  /** As it came; of a span without one, made from its name and times. */
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly serviceName: string
  readonly kind: SpanKindName
  readonly startTimeUnixNano: bigint
  /** The start, where none was given. */
  readonly endTimeUnixNano: bigint
  readonly status: StatusName
  readonly statusMessage?: string
  readonly attributes: IndexedAttributes
  readonly events: readonly IndexedEvent[]
}

/** The spans of one trace that came together, or that are known of it by now. */
export interface TraceSpans {
  readonly traceId: string
  readonly spans: readonly IndexedSpan[]
  /** Spans beyond `MAX_SPANS_PER_TRACE`, which are counted and not kept. */
  readonly omittedSpanCount: number
  /** Of its content, made elsewhere. */
  readonly embedding?: Float32Array
}

export const MAX_SPANS_PER_TRACE = 1_000

/**
 * A trace with spans that came later: each once, by its id, in the order of their start.
 * Gives back `known` itself if there is nothing new in `later`.
 */
export function mergeSpans(known: TraceSpans | undefined, later: TraceSpans): TraceSpans {
  const spans = new Map(known?.spans.map((span) => [span.spanId, span]))
  const knownCount = spans.size
  let omittedSpanCount = (known?.omittedSpanCount ?? 0) + later.omittedSpanCount
  for (const span of later.spans) {
    if (spans.has(span.spanId)) continue
    if (spans.size < MAX_SPANS_PER_TRACE) spans.set(span.spanId, span)
    else omittedSpanCount++
  }
  const embedding = later.embedding ?? known?.embedding
  const isSame =
    spans.size === knownCount &&
    omittedSpanCount === known?.omittedSpanCount &&
    embedding === known.embedding
  if (known && isSame) return known
  return {
    traceId: later.traceId,
    spans: [...spans.values()].sort(byStart),
    omittedSpanCount,
    embedding,
  }
}

function byStart(a: IndexedSpan, b: IndexedSpan): number {
  if (a.startTimeUnixNano !== b.startTimeUnixNano) {
    return a.startTimeUnixNano < b.startTimeUnixNano ? -1 : 1
  }
  // A parent that starts with its child stands before it: it ends later.
  return a.endTimeUnixNano > b.endTimeUnixNano ? -1 : 1
}

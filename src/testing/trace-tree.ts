// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { CapturedSpan, OpenSpan } from './captured-telemetry'
import type { Recording } from './recording'

export interface TraceTreeOptions {
  /** Lines beyond this are only counted. Default: no limit. */
  maxLines?: number
}

const MAX_NAME_LENGTH = 120
const MAX_INDENT = 40

/**
 * Every trace of a recording, spans indented below their parents and in order
 * of start:
 *
 *     trace 5b8efff798038103d269b633813fc60c
 *       POST /checkout SERVER [shop] 12.3 ms
 *         charge card CLIENT [shop] 8.1 ms ERROR: card declined
 *         send receipt PRODUCER [shop] (open)
 */
export function formatTraceTree(recording: Recording, options: TraceTreeOptions = {}): string {
  const { maxLines = Infinity } = options
  const lines = recording.traceIds().flatMap((traceId) => traceLines(recording, traceId))
  if (lines.length <= maxLines) return lines.join('\n')
  const left = lines.length - maxLines
  return [...lines.slice(0, maxLines), `… and ${left} more lines`].join('\n')
}

/** One span on one line. */
export function formatSpan(span: OpenSpan | CapturedSpan): string {
  const { name, kind, serviceName, status } = span
  return [
    briefly(name),
    kind === 'INTERNAL' ? '' : kind,
    serviceName === undefined ? '' : `[${briefly(serviceName)}]`,
    'durationMillis' in span ? `${Number(span.durationMillis.toFixed(3))} ms` : '(open)',
    status.code === 'UNSET' ? '' : status.code,
  ]
    .filter((part) => part !== '')
    .join(' ')
    .concat(status.message ? `: ${briefly(status.message)}` : '')
}

function traceLines(recording: Recording, traceId: string): string[] {
  const spans = recording.inOrderOfStart<OpenSpan | CapturedSpan>(traceId, [
    ...recording.endedSpansOf(traceId),
    ...recording.openSpansOf(traceId),
  ])
  // A trace of which only logs are known has no tree.
  if (spans.length === 0) return []
  const childrenOf = groupByParent(spans)
  const lines = [`trace ${traceId}`]
  // A stack of our own: a runaway recursion under test makes traces deeper than ours may be.
  const pending = childrenOf('').map((span) => ({ span, depth: 1 }))
  pending.reverse()
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { span, depth } = next
    const isOrphan = depth === 1 && span.parentSpanId !== undefined
    const origin = isOrphan ? ` (its parent ${span.parentSpanId} is not captured)` : ''
    lines.push(`${'  '.repeat(Math.min(depth, MAX_INDENT))}${formatSpan(span)}${origin}`)
    for (const child of childrenOf(span.spanId).toReversed()) {
      pending.push({ span: child, depth: depth + 1 })
    }
  }
  return lines
}

/** @returns the children of a span; of '' the spans whose parent is not among `spans` */
function groupByParent<T extends OpenSpan>(spans: readonly T[]): (spanId: string) => T[] {
  const ids = new Set(spans.map((span) => span.spanId))
  const groups = new Map<string, T[]>()
  for (const span of spans) {
    const { parentSpanId = '' } = span
    const group = ids.has(parentSpanId) ? parentSpanId : ''
    const siblings = groups.get(group)
    if (siblings) siblings.push(span)
    else groups.set(group, [span])
  }
  return (spanId) => groups.get(spanId) ?? []
}

function briefly(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length > MAX_NAME_LENGTH ? `${line.slice(0, MAX_NAME_LENGTH)}…` : line
}

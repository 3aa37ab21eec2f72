// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { CapturedLog, OpenSpan } from './captured-telemetry'
import { type Difference, type Matcher, inspectBriefly } from './match'
import type { Recording } from './recording'
import { formatSpan, formatTraceTree } from './trace-tree'

const MAX_NEAR_MISSES = 5
const MAX_OPEN_SPANS = 20
const MAX_LOGS = 20
const MAX_TREE_LINES = 100

/** What an expired wait tells: enough to see what happened instead. */
export interface Expiry {
  readonly recording: Recording
  readonly timeoutMillis: number
  /** Whether the processor in question was made, and whether it ever saw anything. */
  readonly attachment: 'none' | 'silent' | 'busy'
}

export function spanExpiryMessage(matcher: Matcher<OpenSpan>, expiry: Expiry): string {
  const { recording } = expiry
  return paragraphs([
    `No span ${matcher.description} has ended within ${expiry.timeoutMillis} ms.`,
    stillOpenMatches(matcher, recording.openSpans()),
    nearMisses(matcher, recording.spans, formatSpan),
    whatArrived(expiry, 'spanProcessors', 'spanProcessor()'),
  ])
}

export function logExpiryMessage(matcher: Matcher<CapturedLog>, expiry: Expiry): string {
  const { logs } = expiry.recording
  return paragraphs([
    `No log record ${matcher.description} was emitted within ${expiry.timeoutMillis} ms.`,
    nearMisses(matcher, logs, formatLog),
    list('The last log records', logs.slice(-MAX_LOGS).map(formatLog), MAX_LOGS),
    whatArrived(expiry, 'logRecordProcessors', 'logRecordProcessor()'),
  ])
}

function stillOpenMatches(matcher: Matcher<OpenSpan>, open: readonly OpenSpan[]): string {
  // Predicates may ask for what only an ended span has.
  const matching = matcher.readsRelatives ? [] : open.filter((span) => matcher.matches(span))
  return list('It matches, but has not ended', matching.map(formatSpan), MAX_NEAR_MISSES)
}

/** Those that differ in the fewest fields, first; with nothing in common it is no near miss. */
function nearMisses<T>(
  matcher: Matcher<T>,
  items: readonly T[],
  format: (item: T) => string,
): string {
  const misses = items
    .map((item) => ({ item, differences: matcher.differences(item) }))
    .filter(({ differences }) => differences.length > 0 && differences.length < matcher.fieldCount)
    .sort((a, b) => distance(a.differences) - distance(b.differences))
    .map(
      ({ item, differences }) => `${format(item)}: ${differences.map(formatDifference).join(', ')}`,
    )
  return list('Near misses', misses, MAX_NEAR_MISSES)
}

/** Another name is further away than any other attributes. */
function distance(differences: readonly Difference[]): number {
  return differences.length + (differences.some(({ field }) => field === 'name') ? 1000 : 0)
}

function formatDifference({ field, expected, actual }: Difference): string {
  return `${field} is ${inspectBriefly(actual)}, not ${inspectBriefly(expected)}`
}

function formatLog(log: CapturedLog): string {
  const service = log.serviceName === undefined ? '' : `[${log.serviceName}] `
  const severity = log.severityText ?? log.severityNumber ?? ''
  return `${service}${severity} ${inspectBriefly(log.body ?? log.eventName)}`.trim()
}

function whatArrived({ recording, attachment }: Expiry, option: string, call: string): string {
  const { spans, logs } = recording
  const open = recording.openSpans()
  const traces = recording.traceIds().length
  return paragraphs([
    `Captured so far: ended spans ${spans.length}, open spans ${open.length}, ` +
      `log records ${logs.length}, traces ${traces}.`,
    attachmentHint(attachment, option, call),
    list('Still open', open.map(formatSpan), MAX_OPEN_SPANS),
    formatTraceTree(recording, { maxLines: MAX_TREE_LINES }),
  ])
}

function attachmentHint(attachment: Expiry['attachment'], option: string, call: string): string {
  switch (attachment) {
    case 'none':
      return (
        `The capture is attached to no provider: give tape.${call} to yours in its ${option}, ` +
        'or start the capture with { register: true }.'
      )
    case 'silent':
      return (
        `The provider that has tape.${call} in its ${option} has handed on nothing at all: ` +
        'is it the one that the code uses, and was it registered before the code was loaded?'
      )
    case 'busy':
      return ''
  }
}

function list(title: string, lines: readonly string[], max: number): string {
  if (lines.length === 0) return ''
  const left = lines.length - max
  return [`${title}:`, ...lines.slice(0, max), ...(left > 0 ? [`… and ${left} more`] : [])].join(
    '\n  ',
  )
}

function paragraphs(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n')
}

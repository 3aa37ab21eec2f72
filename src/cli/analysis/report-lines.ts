// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { PerformancePattern } from '../../query/analysis/patterns/performance-pattern'
import type { SessionAnalysis } from '../../query/analysis/session-analysis'
import { readableCount, readableDuration } from '../readable-figures'
import { graphSection, operationsSection, slowestTracesSection } from './figure-sections'
import { readableMillis } from './histogram'
import { moreLine } from './more-line'
import { relationsSection } from './relations-section'
import type { ReportOptions } from './report-options'
import { wrapText } from './wrap-text'

const INDENT = '    '
const DETAIL = Object.freeze([INDENT, '      '] as const)

/** An analysis as text for people: what matters most first, in each of its sections. */
export function* reportLines(
  analysis: SessionAnalysis,
  options: ReportOptions,
): Generator<string, void, undefined> {
  yield* headLines(analysis, options)
  yield* section('Anomalies', anomalyLines(analysis, options))
  yield* section('Performance patterns', patternLines(analysis, options))
  yield* section('Service graph', graphSection(analysis, options))
  yield* section('Operations, by the time waited for', [...operationsSection(analysis, options)])
  yield* section('Slowest traces', slowestTracesSection(analysis, options))
  yield* section('Relations between signals', relationsSection(analysis, options))
  yield* section('Not analysed', leftOutLines(analysis, options))
}

/** A section of which there is nothing to say is left out. */
function* section(title: string, lines: readonly string[]): Generator<string, void, undefined> {
  if (lines.length === 0) return
  yield ''
  yield title
  yield '-'.repeat(title.length)
  yield* lines
}

function* headLines(
  { sessionId, baselineSessionId, totals }: SessionAnalysis,
  { columns }: ReportOptions,
): Generator<string, void, undefined> {
  const { traces, spans, errors, logs, metricSeries, services, durationMillis } = totals
  const counts = [
    readableCount(services, 'service'),
    readableCount(traces, 'trace'),
    `${readableCount(spans, 'span')} (${readableCount(errors)} failed)`,
    readableCount(logs, 'log record'),
    `${readableCount(metricSeries)} metric series`,
  ]
  const time =
    totals.startTime === undefined
      ? ''
      : `, ${readableDuration(durationMillis)} from ${totals.startTime}`
  yield* wrapText(`${sessionId}: ${counts.join(', ')}${time}`, columns)
  if (baselineSessionId !== undefined) {
    yield* wrapText(`compared with ${baselineSessionId}`, columns)
  }
}

function anomalyLines(
  { anomalies, baselineSessionId }: SessionAnalysis,
  options: ReportOptions,
): string[] {
  if (anomalies.length === 0) {
    const where = baselineSessionId === undefined ? 'within the session' : 'against the baseline'
    return [`  none found ${where}`]
  }
  const { columns, top } = options
  return anomalies
    .slice(0, top)
    .flatMap(({ summary, evidenceTraceIds, affected, explainedBy, ...anomaly }, index) => {
      const from = timeOf(anomaly.fromUnixMillis)
      const because = explainedBy === undefined ? '' : `; follows from ${explainedBy + 1}`
      const callers = affected.length === 0 ? '' : `; affects ${affected.join(', ')}`
      // Nothing that was measured is certain.
      const certainty = `${Math.min(99, Math.floor(anomaly.confidence * 100))} % sure`
      return [
        ...wrapText(summary, columns, [ordinal(index), INDENT]),
        ...wrapText(`${anomaly.kind}, ${certainty}${from}${callers}${because}`, columns, DETAIL),
        ...traceLines(evidenceTraceIds, options),
      ]
    })
    .concat(moreLine(anomalies.length, options, 'anomalies'))
}

function patternLines({ patterns }: SessionAnalysis, options: ReportOptions): string[] {
  if (patterns.length === 0) return ['  none found']
  return patterns
    .slice(0, options.top)
    .flatMap((pattern, index) => [
      ...wrapText(pattern.summary, options.columns, [ordinal(index), INDENT]),
      ...wrapText(figuresOf(pattern), options.columns, DETAIL),
      ...traceLines(pattern.traceIds, options),
    ])
    .concat(moreLine(patterns.length, options, 'patterns'))
}

function figuresOf({ kind, lostMillis, occurrences, traces }: PerformancePattern): string {
  const where = `${readableCount(occurrences, 'time')} in ${readableCount(traces, 'trace')}`
  return `${kind}: up to ${readableMillis(lostMillis)} lost, ${where}`
}

function ordinal(index: number): string {
  return `${index + 1}. `.padStart(INDENT.length)
}

/** As many ids as fit on one line. */
function traceLines(traceIds: readonly string[], { columns }: ReportOptions): string[] {
  if (traceIds.length === 0) return []
  const [first, ...others] = wrapText(`traces ${traceIds.join(' ')}`, columns - 2, [INDENT, ''])
  return [others.length > 0 ? `${first} …` : first]
}

function timeOf(unixMillis: number): string {
  const date = new Date(unixMillis)
  return Number.isNaN(date.getTime()) ? '' : `, from ${date.toISOString()}`
}

function leftOutLines({ leftOut, damage }: SessionAnalysis, { columns }: ReportOptions): string[] {
  const parts: [count: number, what: string][] = [
    [leftOut.spans, 'spans beyond --max-spans'],
    [leftOut.links, 'span links beyond --max-spans'],
    [leftOut.logs, 'log records beyond --max-spans'],
    [leftOut.metricPoints, 'data points beyond the limits'],
    [leftOut.exemplars, 'exemplars beyond the limits'],
    [leftOut.duplicateSpans, 'spans that were stored twice'],
    [leftOut.spansOfOtherOperations, 'spans of further operations, taken as one'],
    [leftOut.backwardSpans, 'spans that end before they start, taken as of no length'],
    [leftOut.cyclicSpans, 'spans that are their own ancestors, taken as without a parent'],
    [leftOut.operations, 'operations beyond the thousand listed'],
    [leftOut.patterns, 'patterns beyond the thousand listed'],
    [damage.length, 'damaged pieces, named on stderr'],
  ]
  return parts
    .filter(([count]) => count > 0)
    .flatMap(([count, what]) =>
      wrapText(`${readableCount(count)} ${what}`, columns, ['  ', INDENT]),
    )
}

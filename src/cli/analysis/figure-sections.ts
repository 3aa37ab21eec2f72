// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { DurationStatistics } from '../../query/analysis/duration-statistics'
import type { ServiceGraphEdge } from '../../query/analysis/service-graph'
import type { SessionAnalysis } from '../../query/analysis/session-analysis'
import { readableCount } from '../readable-figures'
import { bar } from './bar'
import { type FittedColumn, fittedTable } from './fitted-table'
import { histogramLine, histogramLines, readableMillis } from './histogram'
import { moreLine } from './more-line'
import type { ReportOptions } from './report-options'

/** Operations of which the histogram is drawn in full. */
const HISTOGRAMS = 3
/** Of fewer calls, the percentiles say as much. */
const MIN_HISTOGRAM_CALLS = 10
const SHARE_COLUMNS = 8

const DURATION_COLUMNS: readonly FittedColumn[] = [
  { title: 'P50', align: 'right', isSpare: true },
  { title: 'P95', align: 'right' },
  { title: 'P99', align: 'right', isSpare: true },
]

const EDGE_COLUMNS: readonly FittedColumn[] = [
  { title: 'FROM' },
  { title: '', isWhole: true },
  { title: 'TO' },
  { title: 'CALLS', align: 'right' },
  { title: 'FAILED', align: 'right' },
  ...DURATION_COLUMNS,
  { title: 'DURATIONS', isWhole: true, isSpare: true },
]

/** Who calls whom; and services that nobody calls, and that call nobody. */
export function graphSection({ graph }: SessionAnalysis, options: ReportOptions): string[] {
  const { nodes, edges } = graph
  const connected = new Set(edges.flatMap(({ from, to }) => [from, to]))
  const alone = nodes.filter(({ id, spans }) => spans > 0 && !connected.has(id))
  const names = new Map(nodes.map(({ id, name, kind }) => [id, nameOfNode(name, kind)]))
  const rows = edges.slice(0, options.top).map((edge) => edgeRow(edge, names))
  const lines = rows.length > 0 ? fittedTable(EDGE_COLUMNS, rows, options.columns) : []
  const lonely = alone
    .slice(0, options.top)
    .map(({ name, spans }) => [`${name}`, readableCount(spans, 'span'), 'no calls'])
  return [
    ...lines,
    ...moreLine(edges.length, options, 'edges'),
    ...(lonely.length > 0
      ? fittedTable([{ title: 'ALONE' }, { title: '' }, { title: '' }], lonely, options.columns)
      : []),
  ]
}

function edgeRow(edge: ServiceGraphEdge, names: ReadonlyMap<string, string>): string[] {
  const { from, to, kind, calls, errors, duration, histogram } = edge
  return [
    names.get(from) ?? from,
    kind === 'async' ? '~>' : '->',
    names.get(to) ?? to,
    readableCount(calls),
    shareOf(errors, calls),
    ...durationCells(duration),
    histogramLine(histogram),
  ]
}

/** What is no service of the session says what it is. */
function nameOfNode(name: string, kind: string): string {
  return kind === 'service' ? name : `${name} (${kind})`
}

const OPERATION_COLUMNS: readonly FittedColumn[] = [
  { title: 'SERVICE AND OPERATION' },
  { title: 'KIND', isWhole: true, isSpare: true },
  { title: 'CALLS', align: 'right' },
  { title: 'FAILED', align: 'right' },
  ...DURATION_COLUMNS,
  { title: 'SELF', align: 'right', isSpare: true },
  { title: 'WAITED', align: 'right' },
  { title: '', isWhole: true, isSpare: true },
]

export function* operationsSection(
  { operations, leftOut }: SessionAnalysis,
  options: ReportOptions,
): Generator<string, void, undefined> {
  const shown = operations.slice(0, options.top)
  if (shown.length === 0) return
  const most = Math.max(...shown.map(({ criticalPathShare }) => criticalPathShare))
  const rows = shown.map(({ service, name, kind, calls, errors, duration, ...times }) => [
    `${service} ${name}`,
    kind,
    readableCount(calls),
    shareOf(errors, calls),
    ...durationCells(duration),
    readableMillis(times.selfMillis),
    percent(times.criticalPathShare),
    bar(most > 0 ? times.criticalPathShare / most : 0, SHARE_COLUMNS),
  ])
  yield* fittedTable(OPERATION_COLUMNS, rows, options.columns)
  yield* moreLine(operations.length + leftOut.operations, options, 'operations')
  const drawn = shown.filter(({ calls }) => calls >= MIN_HISTOGRAM_CALLS).slice(0, HISTOGRAMS)
  for (const { service, name, calls, histogram } of drawn) {
    yield ''
    yield* fittedTable(
      [{ title: `  ${service} ${name}, ${readableCount(calls, 'call')}` }],
      [],
      options.columns,
    )
    yield* histogramLines(histogram, options.columns)
  }
}

const TRACE_COLUMNS: readonly FittedColumn[] = [
  { title: 'TRACE', isWhole: true },
  { title: 'SERVICE AND OPERATION' },
  { title: 'SPANS', align: 'right' },
  { title: 'FAILED', align: 'right' },
  { title: 'DURATION', align: 'right' },
  { title: '', isWhole: true, isSpare: true },
]

export function slowestTracesSection(
  { slowestTraces }: SessionAnalysis,
  options: ReportOptions,
): string[] {
  const shown = slowestTraces.slice(0, options.top)
  if (shown.length === 0) return []
  const longest = Math.max(...shown.map(({ durationMillis }) => durationMillis))
  const rows = shown.map((trace) => [
    trace.traceId,
    `${trace.service} ${trace.operation}`,
    readableCount(trace.spans),
    readableCount(trace.errors),
    readableMillis(trace.durationMillis),
    bar(longest > 0 ? trace.durationMillis / longest : 0, SHARE_COLUMNS),
  ])
  return fittedTable(TRACE_COLUMNS, rows, options.columns)
}

function durationCells({ p50Millis, p95Millis, p99Millis }: DurationStatistics): string[] {
  return [p50Millis, p95Millis, p99Millis].map(readableMillis)
}

/** `22 (29%)`; of none, a dash, so that what failed catches the eye. */
function shareOf(part: number, all: number): string {
  return part === 0 ? '-' : `${readableCount(part)} (${percent(part / all)})`
}

export function percent(share: number): string {
  if (share === 0) return '0%'
  return share < 0.1 ? `${Number((share * 100).toPrecision(2))}%` : `${Math.round(share * 100)}%`
}

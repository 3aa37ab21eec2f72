// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SessionAnalysis } from '../../query/analysis/session-analysis'
import { readableCount } from '../readable-figures'
import { percent } from './figure-sections'
import { type FittedColumn, fittedTable } from './fitted-table'
import { moreLine } from './more-line'
import type { ReportOptions } from './report-options'
import { wrapText } from './wrap-text'

/** How logs, exemplars and metrics belong to the traces, as far as they do. */
export function relationsSection(analysis: SessionAnalysis, options: ReportOptions): string[] {
  return [
    ...[...sentences(analysis)].flatMap((text) => wrapText(text, options.columns, ['  ', '    '])),
    ...patternTable(analysis, options),
    ...serviceTable(analysis, options),
  ]
}

function* sentences({ relations }: SessionAnalysis): Generator<string, void, undefined> {
  const { spanLogs, exemplars, exemplarMetrics } = relations
  const { logs, spans, spansWithLogs, logsOfSpans, logsOfTraces } = spanLogs
  if (spans > 0 && logs > 0) {
    const share = percent(spanLogs.spansWithLogsShare)
    const withLogs = `${readableCount(spansWithLogs)} of ${readableCount(spans, 'span')}`
    const tracesWith = readableCount(spanLogs.tracesWithLogs)
    yield (
      `logs: ${withLogs} (${share}) and ${tracesWith} of ` +
      `${readableCount(spanLogs.traces, 'trace')} have log records`
    )
  }
  if (logs > 0) {
    yield (
      `of ${readableCount(logs, 'log record')}, ${readableCount(logsOfSpans)} name a span of ` +
      `the session, ${readableCount(logsOfTraces)} only a trace of it, ` +
      `${readableCount(spanLogs.logsOfMissingTraces)} a trace that is not in it, ` +
      `${readableCount(spanLogs.logsWithoutTrace)} none (of these, by service and time alone, ` +
      `${readableCount(spanLogs.logsMatchedByTime)} fit exactly one request)`
    )
  }
  if (exemplars.exemplars > 0) {
    const named = exemplarMetrics.slice(0, 3).map(({ metric, service }) => `${metric} (${service})`)
    yield (
      `exemplars: ${readableCount(exemplars.exemplars)}, ` +
      `${readableCount(exemplars.withTrace)} of them name a trace, ` +
      `${readableCount(exemplars.ofMissingTraces)} one that is not in the session; ` +
      `of ${named.join(', ')}${exemplarMetrics.length > 3 ? ' …' : ''}`
    )
  }
  if (relations.spansWithoutTheirParent > 0) {
    yield (
      `${readableCount(relations.spansWithoutTheirParent, 'span')} whose parent is not in the ` +
      `session`
    )
  }
  if (relations.linksToMissingSpans > 0) {
    yield (
      `${readableCount(relations.linksToMissingSpans)} of ` +
      `${readableCount(relations.links, 'span link')} to spans that are not in the session`
    )
  }
}

const PATTERN_COLUMNS: readonly FittedColumn[] = [
  { title: 'RECORDS', align: 'right' },
  { title: 'IN TRACES', align: 'right', isSpare: true },
  { title: 'SEVERITY' },
  { title: 'SERVICE' },
  { title: 'LOG PATTERN' },
]

function patternTable({ relations }: SessionAnalysis, options: ReportOptions): string[] {
  const { logPatterns } = relations
  if (logPatterns.length === 0) return []
  const rows = logPatterns
    .slice(0, options.top)
    .map(({ count, countInTraces, severity, service, template }) => [
      readableCount(count),
      readableCount(countInTraces),
      severity,
      service,
      template,
    ])
  return [
    '',
    ...fittedTable(PATTERN_COLUMNS, rows, options.columns),
    ...moreLine(logPatterns.length, options, 'log patterns'),
  ]
}

const SERVICE_COLUMNS: readonly FittedColumn[] = [
  { title: 'SERVICE' },
  { title: 'SPANS', align: 'right' },
  { title: 'LOGS', align: 'right' },
  { title: 'METRICS', align: 'right' },
  { title: 'SERIES', align: 'right', isSpare: true },
  { title: 'EXEMPLARS', align: 'right', isSpare: true },
]

function serviceTable({ relations }: SessionAnalysis, options: ReportOptions): string[] {
  const { services } = relations
  if (services.length === 0) return []
  const rows = services
    .slice(0, options.top)
    .map(({ service, spans, logs, metricNames, metricSeries, exemplars }) => [
      service,
      ...[spans, logs, metricNames, metricSeries, exemplars].map((count) => readableCount(count)),
    ])
  return [
    '',
    ...fittedTable(SERVICE_COLUMNS, rows, options.columns),
    ...moreLine(services.length, options, 'services'),
  ]
}

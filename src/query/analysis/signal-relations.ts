// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Evidence } from './evidence'
import { groupRows, rowsOf } from './group-rows'
import { LOST_PARENT, SPAN_FLAGS, type SessionModel } from './session-model'

/** How traces, logs and metrics of a session belong together, and what of that is missing. */
export interface SignalRelations {
  readonly spanLogs: SpanLogRelations
  /** The most frequent patterns first. */
  readonly logPatterns: readonly LogPatternRelations[]
  readonly exemplars: ExemplarRelations
  /** By metric, the one with the most exemplars first. */
  readonly exemplarMetrics: readonly ExemplarMetric[]
  /** By service: what there is to look at. */
  readonly services: readonly ServiceSignals[]
  /** Spans whose parent is not in the session. */
  readonly spansWithoutTheirParent: number
  /** Links to spans that are not in the session, and all links. */
  readonly linksToMissingSpans: number
  readonly links: number
}

export interface SpanLogRelations {
  readonly spans: number
  /** Spans that a log record names. */
  readonly spansWithLogs: number
  /** `spansWithLogs` of `spans`, 0 to 1. */
  readonly spansWithLogsShare: number
  /** Traces that have spans, and those of them that a log record names. */
  readonly traces: number
  readonly tracesWithLogs: number
  readonly logs: number
  /** Log records that name a span of the session. */
  readonly logsOfSpans: number
  /** Those that name a trace of the session, but none of its spans. */
  readonly logsOfTraces: number
  /** Those that name a trace that is not in the session. */
  readonly logsOfMissingTraces: number
  /** Those that name no trace. */
  readonly logsWithoutTrace: number
  /**
   * Of `logsWithoutTrace`, those that were written while their service worked on exactly one
   * request of the session: they are likely to belong to it, which nothing proves.
   */
  readonly logsMatchedByTime: number
}

export interface LogPatternRelations {
  readonly service: string
  readonly severity: string
  readonly template: string
  readonly example: string
  readonly count: number
  /** Records that name a trace of the session; of the spans they name, those that are errors. */
  readonly countInTraces: number
  readonly countInFailedSpans: number
  readonly traceIds: readonly string[]
}

export interface ExemplarRelations {
  readonly exemplars: number
  readonly withTrace: number
  /** Of `withTrace`, those whose trace is not in the session. */
  readonly ofMissingTraces: number
}

export interface ExemplarMetric {
  readonly metric: string
  readonly service: string
  readonly exemplars: number
  readonly ofMissingTraces: number
  /** Traces of the highest values. */
  readonly traceIds: readonly string[]
}

export interface ServiceSignals {
  readonly service: string
  readonly spans: number
  readonly logs: number
  readonly metricNames: number
  readonly metricSeries: number
  readonly exemplars: number
}

export function relateSignals(model: SessionModel): SignalRelations {
  const { spans, links } = model
  let [spansWithoutTheirParent, linksToMissingSpans] = [0, 0]
  for (const parent of spans.parent) spansWithoutTheirParent += Number(parent === LOST_PARENT)
  for (const to of links.to) linksToMissingSpans += Number(to < 0)
  return {
    spanLogs: relateLogs(model),
    logPatterns: relatePatterns(model),
    ...relateExemplars(model),
    services: countByService(model),
    spansWithoutTheirParent,
    linksToMissingSpans,
    links: links.count,
  }
}

/** Whether there are spans of it, and not only what names it. */
function isInSession({ traces }: SessionModel, trace: number): boolean {
  return traces.offsets[trace + 1] > traces.offsets[trace]
}

function relateLogs(model: SessionModel): SpanLogRelations {
  const { logs, spans, traces } = model
  const hasLogs = new Uint8Array(spans.count)
  const traceHasLogs = new Uint8Array(traces.count)
  const sums = { logsOfSpans: 0, logsOfTraces: 0, logsOfMissingTraces: 0, logsWithoutTrace: 0 }
  for (let log = 0; log < logs.count; log++) {
    const [trace, span] = [logs.trace[log], logs.span[log]]
    if (trace < 0) sums.logsWithoutTrace++
    else if (!isInSession(model, trace)) sums.logsOfMissingTraces++
    else {
      traceHasLogs[trace] = 1
      if (span >= 0) {
        sums.logsOfSpans++
        hasLogs[span] = 1
      } else sums.logsOfTraces++
    }
  }
  let [spansWithLogs, tracesWithLogs, tracesWithSpans] = [0, 0, 0]
  for (const has of hasLogs) spansWithLogs += has
  for (const has of traceHasLogs) tracesWithLogs += has
  for (let trace = 0; trace < traces.count; trace++) {
    tracesWithSpans += Number(isInSession(model, trace))
  }
  return {
    spans: spans.count,
    spansWithLogs,
    spansWithLogsShare: spans.count === 0 ? 0 : spansWithLogs / spans.count,
    traces: tracesWithSpans,
    tracesWithLogs,
    logs: logs.count,
    ...sums,
    logsMatchedByTime: matchByTime(model),
  }
}

/** Log records without a trace that were written while their service had one request to work on. */
function matchByTime(model: SessionModel): number {
  const { logs, logPatterns } = model
  const requests = requestsByService(model)
  let matched = 0
  for (let log = 0; log < logs.count; log++) {
    if (logs.trace[log] >= 0) continue
    const { starts, ends } = requests[logPatterns[logs.pattern[log]].service]
    const time = logs.timeMillis[log]
    const running = countUpTo(starts, time, true) - countUpTo(ends, time, false)
    matched += Number(running === 1)
  }
  return matched
}

/** When the spans of each service ran that are not called by the service itself. */
function requestsByService({
  spans,
  operations,
  services,
}: SessionModel): { readonly starts: Float64Array; readonly ends: Float64Array }[] {
  const lists = services.map(() => ({ starts: [] as number[], ends: [] as number[] }))
  for (let row = 0; row < spans.count; row++) {
    const { service } = operations[spans.operation[row]]
    const parent = spans.parent[row]
    if (parent >= 0 && operations[spans.operation[parent]].service === service) continue
    lists[service].starts.push(spans.startMillis[row])
    lists[service].ends.push(spans.startMillis[row] + spans.durationMillis[row])
  }
  return lists.map(({ starts, ends }) => ({
    starts: Float64Array.from(starts).sort(),
    ends: Float64Array.from(ends).sort(),
  }))
}

/** How many of the sorted values are below a limit, or, with `isIncluded`, at it. */
function countUpTo(sorted: Float64Array, limit: number, isIncluded: boolean): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] < limit || (isIncluded && sorted[middle] === limit)) low = middle + 1
    else high = middle
  }
  return low
}

function relatePatterns(model: SessionModel): LogPatternRelations[] {
  const { logs, logPatterns, services, spans } = model
  const byPattern = groupRows(logs.pattern, logPatterns.length)
  return logPatterns
    .map(({ service, severity, template, example, count }, number) => {
      const evidence = new Evidence(model.traces)
      let [countInTraces, countInFailedSpans] = [0, 0]
      for (const log of rowsOf(byPattern, number)) {
        const [trace, span] = [logs.trace[log], logs.span[log]]
        if (trace < 0 || !isInSession(model, trace)) continue
        const isFailed = span >= 0 && (spans.flags[span] & SPAN_FLAGS.error) !== 0
        countInTraces++
        countInFailedSpans += Number(isFailed)
        evidence.add(trace, Number(isFailed))
      }
      const { traceIds } = evidence
      const counts = { count, countInTraces, countInFailedSpans, traceIds }
      return { service: services[service], severity, template, example, ...counts }
    })
    .sort((a, b) => b.count - a.count)
}

function relateExemplars(
  model: SessionModel,
): Pick<SignalRelations, 'exemplars' | 'exemplarMetrics'> {
  const { exemplars, metricSeries, services, traces } = model
  const sums = { exemplars: exemplars.count, withTrace: 0, ofMissingTraces: 0 }
  const metrics = new Map<
    string,
    { -readonly [key in keyof ExemplarMetric]: ExemplarMetric[key] }
  >()
  const evidence = new Map<string, Evidence>()
  for (let row = 0; row < exemplars.count; row++) {
    const { name, service } = metricSeries[exemplars.series[row]]
    const key = `${service} ${name}`
    const named = { metric: name, service: services[service] }
    const metric = metrics.get(key) ?? { ...named, exemplars: 0, ofMissingTraces: 0, traceIds: [] }
    const best = evidence.get(key) ?? new Evidence(traces)
    metrics.set(key, metric)
    evidence.set(key, best)
    metric.exemplars++
    const trace = exemplars.trace[row]
    if (trace < 0) continue
    sums.withTrace++
    const isMissing = !isInSession(model, trace)
    sums.ofMissingTraces += Number(isMissing)
    metric.ofMissingTraces += Number(isMissing)
    if (!isMissing) best.add(trace, Number.isNaN(exemplars.value[row]) ? 0 : exemplars.value[row])
  }
  for (const [key, metric] of metrics) metric.traceIds = evidence.get(key)?.traceIds ?? []
  const exemplarMetrics = [...metrics.values()].sort((a, b) => b.exemplars - a.exemplars)
  return { exemplars: sums, exemplarMetrics }
}

function countByService(model: SessionModel): ServiceSignals[] {
  const { spans, operations, logPatterns, metricSeries, exemplars } = model
  const counts = model.services.map((service) => ({
    service,
    spans: 0,
    logs: 0,
    names: new Set<string>(),
    metricSeries: 0,
    exemplars: 0,
  }))
  for (const operation of spans.operation) counts[operations[operation].service].spans++
  for (const { service, count } of logPatterns) counts[service].logs += count
  for (const { service, name, kind } of metricSeries) {
    counts[service].names.add(name)
    // A histogram has two series here, and one where it was measured.
    counts[service].metricSeries += Number(kind !== 'mean')
  }
  for (const series of exemplars.series) counts[metricSeries[series].service].exemplars++
  return counts.map(({ names, ...signals }) => ({ ...signals, metricNames: names.size }))
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { percentile } from '../duration-statistics'
import type { MetricSeries, SessionModel } from '../session-model'
import type { FoundAnomaly } from './anomaly'
import { type Comparison, type Suspicion, judgeSuspicions } from './comparison'
import { normalTail } from './statistics/normal-tail'
import { RankSums } from './statistics/rank-sums'
import { type Stretch, outsideOf, scanStretches } from './statistics/scan-stretches'
import type { TraceFacts } from './trace-facts'

const LEAST_POINTS = 6
/** Of the level: what has not changed so far need not be constant. */
const LEAST_SPREAD = 0.03
const LEAST_RATIO = 1.5
const LEAST_SUPERIORITY = 0.9
/** A level changes at a point, and a few that belong elsewhere would blur it. */
const PIECES = 80
/** From the median of absolute deviations to the standard deviation of a normal distribution. */
const MAD_TO_DEVIATION = 1.4826

/**
 * Metrics whose level is another than it was: points of a series follow from each other, so a test
 * that takes them to be independent is sure too soon. Therefore all points of a stretch together
 * count as one, which has to be off by several times the usual spread (median and MAD: F. R. Hampel,
 * The influence curve and its role in robust estimation, JASA 69, 1974); almost each of them has to
 * be beyond almost all others; and the level has to jump: what climbs all the time has no level.
 *
 * Rates are not compared: they follow the customers.
 */
export function findMetricShifts({ session, baseline }: Comparison): FoundAnomaly[] {
  const suspicions: Suspicion[] = []
  const known = baseline && groupByName(baseline.model)
  for (const series of session.model.metricSeries) {
    if (series.kind === 'rate' || series.kind === 'count') continue
    const reference = known?.get(nameOf(session.model, series))
    if (baseline && (reference?.length ?? 0) < LEAST_POINTS) continue
    suspicions.push(...suspect(session, sortedByTime(series), reference))
  }
  return judgeSuspicions(suspicions)
}

function groupByName(model: SessionModel): Map<string, Float64Array> {
  const found = new Map<string, number[]>()
  for (const series of model.metricSeries) {
    const name = nameOf(model, series)
    const values = found.get(name) ?? []
    for (const value of series.values) if (Number.isFinite(value)) values.push(value)
    found.set(name, values)
  }
  return new Map([...found].map(([name, values]) => [name, Float64Array.from(values)]))
}

function nameOf(model: SessionModel, { name, service, kind, attributes }: MetricSeries): string {
  return [model.services[service], name, kind, attributes].join('\t')
}

function sortedByTime(series: MetricSeries): MetricSeries {
  const { timesMillis, values } = series
  const order = Array.from(values, (_, index) => index)
    .filter((index) => Number.isFinite(values[index]))
    .sort((left, right) => timesMillis[left] - timesMillis[right])
  return {
    ...series,
    timesMillis: Float64Array.from(order, (index) => timesMillis[index]),
    values: Float64Array.from(order, (index) => values[index]),
  }
}

function* suspect(
  session: TraceFacts,
  series: MetricSeries,
  reference: Float64Array | undefined,
): Generator<Suspicion, void, undefined> {
  const { values } = series
  const leastOutside = reference ? -1 : LEAST_POINTS
  const options = {
    length: values.length,
    leastInside: LEAST_POINTS,
    leastOutside,
    pieces: PIECES,
  }
  for (const direction of [1, -1]) {
    const signed = values.map((value) => value * direction)
    const signedReference = reference?.map((value) => value * direction)
    const ranks = new RankSums(signed, signedReference)
    const stretch = scanStretches(options, ranks)
    if (!stretch) continue
    const { from, to } = stretch
    const outside = reference ?? outsideOf(values, stretch)
    const inside = values.slice(from, to)
    const isShift =
      ranks.superiority(from, to) >= LEAST_SUPERIORITY &&
      isOtherLevel(medianOf(inside), medianOf(outside)) &&
      (reference !== undefined || jumps(values, stretch))
    yield {
      pValue: isShift ? Math.min(1, normalTail(deviations(inside, outside)) * stretch.looked) : 1,
      toAnomaly: (pValue) =>
        isShift ? describe(session, series, outside, stretch, pValue) : undefined,
    }
  }
}

function isOtherLevel(now: number, usual: number): boolean {
  const [low, high] = [Math.abs(usual), Math.abs(now)].sort((left, right) => left - right)
  return now !== usual && (Math.sign(usual) !== Math.sign(now) || high >= low * LEAST_RATIO)
}

/** How far the level inside is from the one outside, as if all its points were but one. */
function deviations(inside: Float64Array, outside: Float64Array): number {
  const [usual, now] = [medianOf(outside), medianOf(inside)]
  const spread = MAD_TO_DEVIATION * medianOf(outside.map((value) => Math.abs(value - usual)))
  const least = Math.max(Math.abs(usual), Math.abs(now)) * LEAST_SPREAD
  return Math.abs(now - usual) / Math.max(spread, least)
}

/** Whether at one of its ends most of the way is made within three points. */
function jumps(values: Float64Array, { from, to }: Stretch): boolean {
  const way = medianOf(values.slice(from, to)) - medianOf(outsideOf(values, { from, to }))
  return [from, to]
    .filter((edge) => edge >= 3 && edge <= values.length - 3)
    .some((edge) => {
      const across = medianOf(values.slice(edge, edge + 3)) - medianOf(values.slice(edge - 3, edge))
      const step = edge === from ? across : -across
      return step / way >= 0.6
    })
}

function medianOf(values: Float64Array): number {
  return percentile(values.toSorted(), 0.5)
}

function describe(
  { model }: TraceFacts,
  series: MetricSeries,
  outside: Float64Array,
  { from, to }: Stretch,
  pValue: number,
): FoundAnomaly {
  const { name, unit, service, attributes, timesMillis, values } = series
  const inside = values.slice(from, to)
  const [before, after] = [medianOf(outside), medianOf(inside)]
  return {
    kind: 'metric-shift',
    place: { service: model.services[service], metric: name, metricAttributes: attributes },
    fromMillis: timesMillis[from],
    toMillis: timesMillis[to - 1],
    before: { value: before, unit, samples: outside.length },
    after: { value: after, unit, samples: inside.length },
    effect: { measure: 'ratio', value: before === 0 ? 0 : after / before },
    pValue,
    evidenceTraces: exemplarsOf(model, series, timesMillis[from], timesMillis[to - 1]),
  }
}

function exemplarsOf(
  { metricSeries, exemplars }: SessionModel,
  { name, service, instance, attributes }: MetricSeries,
  fromMillis: number,
  toMillis: number,
): number[] {
  const found = new Set<number>()
  for (let row = 0; row < exemplars.count && found.size < 5; row++) {
    const of = metricSeries[exemplars.series[row]]
    const isIts =
      of.name === name &&
      of.service === service &&
      of.instance === instance &&
      of.attributes === attributes
    const millis = exemplars.timeMillis[row]
    if (!isIts || exemplars.trace[row] < 0 || millis < fromMillis || millis > toMillis) continue
    found.add(exemplars.trace[row])
  }
  return [...found]
}

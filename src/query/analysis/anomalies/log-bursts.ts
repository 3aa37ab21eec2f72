// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { LogPattern, SessionModel } from '../session-model'
import type { FoundAnomaly } from './anomaly'
import {
  type Comparison,
  LEAST_OUTSIDE,
  type Suspicion,
  judgeSuspicions,
  scanOptions,
  typicalOnes,
} from './comparison'
import { RankSums } from './statistics/rank-sums'
import { type FoundStretch, outsideOf, scanStretches } from './statistics/scan-stretches'
import type { TraceFacts } from './trace-facts'

const LEAST_RATIO = 3
/** More than there would have been; of what has never been logged before, a few are enough. */
const LEAST_MORE = 20
const LEAST_NEW = 10
/** A session is cut into at most so many slices. */
const SLICES = 80
const LEAST_TRACES = 4

/**
 * Log records of one pattern that are new, or many more than there were. They are counted by slices
 * of equally many traces, for more customers mean more records; and slices are compared by rank, for
 * a service that says a thing at all often says it many times at once.
 */
export function findLogBursts({ session, baseline }: Comparison): FoundAnomaly[] {
  const tracesInSlice = Math.max(LEAST_TRACES, Math.ceil(session.order.length / SLICES))
  const now = countBySlice(session, tracesInSlice)
  const before = baseline && countBySlice(baseline, tracesInSlice)
  if (before && before.slices < LEAST_OUTSIDE) return []
  const suspicions: Suspicion[] = []
  for (const [key, { pattern, counts }] of now.patterns) {
    if (counts.length < LEAST_OUTSIDE) continue
    const known = before?.patterns.get(key)?.counts
    const reference = before && (known ?? new Float64Array(before.slices))
    const stretch = scanStretches(
      scanOptions(counts.length, reference !== undefined),
      new RankSums(counts, reference),
    )
    if (!stretch) continue
    const burst = { pattern, counts, reference, stretch, tracesInSlice }
    suspicions.push({
      pValue: stretch.pValue,
      toAnomaly: (pValue) => describe({ session, baseline }, burst, pValue),
    })
  }
  return judgeSuspicions(suspicions)
}

interface Burst {
  readonly pattern: number
  /** Records in each slice. */
  readonly counts: Float64Array
  readonly reference: Float64Array | undefined
  readonly stretch: FoundStretch
  readonly tracesInSlice: number
}

interface Slices {
  readonly slices: number
  readonly patterns: ReadonlyMap<string, { pattern: number; counts: Float64Array }>
}

function countBySlice({ model, startMillis }: TraceFacts, tracesInSlice: number): Slices {
  const { logs, logPatterns, services } = model
  const slices = Math.floor(startMillis.length / tracesInSlice)
  const patterns = new Map<string, { pattern: number; counts: Float64Array }>()
  const byPattern = logPatterns.map((logPattern, pattern) => {
    const key = patternKey(logPattern, services)
    const known = patterns.get(key) ?? { pattern, counts: new Float64Array(slices) }
    patterns.set(key, known)
    return known.counts
  })
  for (let row = 0; row < logs.count; row++) {
    const slice = Math.floor((positionAt(startMillis, logs.timeMillis[row]) - 1) / tracesInSlice)
    // The last traces may be too few for a slice.
    if (slice >= 0 && slice < slices) byPattern[logs.pattern[row]][slice]++
  }
  return { slices, patterns }
}

function patternKey(
  { service, severity, template }: LogPattern,
  services: readonly string[],
): string {
  return `${services[service]}\t${severity}\t${template}`
}

/** How many traces had begun by then. */
function positionAt(startMillis: Float64Array, millis: number): number {
  let low = 0
  let high = startMillis.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (startMillis[middle] <= millis) low = middle + 1
    else high = middle
  }
  return low
}

function describe(
  { session, baseline }: Comparison,
  { pattern, counts, reference, stretch, tracesInSlice }: Burst,
  pValue: number,
): FoundAnomaly | undefined {
  const { model, startMillis } = session
  const { from, to } = stretch
  const inside = counts.subarray(from, to)
  const outside = reference ?? outsideOf(counts, stretch)
  const records = sum(inside)
  const after = records / (inside.length * tracesInSlice)
  const before = sum(outside) / (outside.length * tracesInSlice)
  const more = records - before * inside.length * tracesInSlice
  if (more < (before === 0 ? LEAST_NEW : LEAST_MORE)) return undefined
  if (after < before * LEAST_RATIO) return undefined
  const fromMillis = startMillis[from * tracesInSlice]
  const toMillis = startMillis[to * tracesInSlice - 1]
  // What comes by the clock is more for each customer where there are few.
  const millisBefore = baseline ? lengthOf(baseline) : lengthOf(session) - (toMillis - fromMillis)
  const perMillis = records / (toMillis - fromMillis)
  if (perMillis < (sum(outside) / millisBefore) * LEAST_RATIO) return undefined
  const { service, template, severity } = model.logPatterns[pattern]
  return {
    kind: 'log-burst',
    place: { service: model.services[service], logTemplate: template, logSeverity: severity },
    fromMillis,
    toMillis,
    before: { value: before, unit: 'records per trace', samples: outside.length * tracesInSlice },
    after: { value: after, unit: 'records per trace', samples: inside.length * tracesInSlice },
    effect: {
      measure: 'superiority',
      value: new RankSums(counts, reference).superiority(from, to),
    },
    pValue,
    evidenceTraces: tracesOf(model, pattern, fromMillis, toMillis),
  }
}

/** From the first trace to the last. */
function lengthOf({ startMillis }: TraceFacts): number {
  return startMillis[startMillis.length - 1] - startMillis[0]
}

function tracesOf(
  { logs }: SessionModel,
  pattern: number,
  fromMillis: number,
  toMillis: number,
): number[] {
  const found = new Set<number>()
  for (let row = 0; row < logs.count; row++) {
    const isIt = logs.pattern[row] === pattern && logs.trace[row] >= 0
    const millis = logs.timeMillis[row]
    if (isIt && millis >= fromMillis && millis <= toMillis) found.add(logs.trace[row])
  }
  return typicalOnes([...found], (trace) => trace)
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0)
}

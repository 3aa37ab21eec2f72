// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { TraceLabel } from '../labelled-query'
import type { Split } from '../splits'
import { CallMaker } from './call'
import { addHealthyNoise, DECOY_FLOWS, failOrdinarily } from './decoys'
import { FAULT_KINDS, type FaultKind } from './fault-kinds'
import { injectFault } from './inject-fault'
import { layOutTrace, type CorpusTrace } from './lay-out-trace'
import { chance, pick, seededRandom, type Random } from './random'
import { SHOP_FLOWS, type Flow } from './shop-flows'

export interface LabelledTrace {
  trace: CorpusTrace
  /** Missing: nothing that a query asks for is wrong with it. */
  label?: TraceLabel
}

export interface CorpusOptions {
  /** How many traces, the faulty ones among them. */
  traces: number
  /**
   * How many of each kind of fault anywhere, and of each that a query wants at a certain service.
   * Default: one trace in 4,000, and at least 12, which is enough to fill ten places.
   */
  faultsEach?: number
}

/** A fault to be, and the service that has to feel it. */
interface FaultTarget {
  kind: FaultKind
  service?: string
}

const START_MILLIS = Date.UTC(2026, 0, 2)
const DAY_MILLIS = 24 * 60 * 60 * 1000
const ORDINARY_ERRORS = 0.015
const LEAST_FAULTS_EACH = 12
const TRACES_BY_FAULT = 4000
const MOST_ATTEMPTS = 20_000

/** A day of the shop: the same from the same options. Faults lie scattered over it. */
export function* generateCorpus(split: Split, options: CorpusOptions): Generator<LabelledTrace> {
  const random = seededRandom(split.seed)
  const faults = faultPlan(split, options, random)
  const flows = [...SHOP_FLOWS, ...DECOY_FLOWS]
  for (let index = 0; index < options.traces; index++) {
    const atMillis = START_MILLIS + (DAY_MILLIS * index) / options.traces
    const target = faults.get(index)
    yield target === undefined
      ? healthyTrace(flows, atMillis, random)
      : faultyTrace(target, split, atMillis, random)
  }
}

function healthyTrace(flows: readonly Flow[], atMillis: number, random: Random): LabelledTrace {
  const root = pickFlow(flows, random).build(new CallMaker(random), random)
  addHealthyNoise(root, random)
  if (chance(random, ORDINARY_ERRORS)) failOrdinarily(root, random)
  return { trace: layOutTrace(root, atMillis, random) }
}

function faultyTrace(
  { kind, service }: FaultTarget,
  { wordings }: Split,
  atMillis: number,
  random: Random,
): LabelledTrace {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    // Every flow alike: rare ones shall fail often enough to be asked about.
    const root = pick(random, SHOP_FLOWS).build(new CallMaker(random), random)
    addHealthyNoise(root, random)
    const label = injectFault(root, kind, wordings[kind], random)
    if (label === undefined) continue
    if (service !== undefined && !label.services.includes(service)) continue
    return { trace: layOutTrace(root, atMillis, random), label }
  }
  throw new Error(`${kind} cannot strike ${service ?? 'anything'}`)
}

/** Which trace of the day is to fail, and how. */
function faultPlan(
  { queries }: Split,
  { traces, faultsEach }: CorpusOptions,
  random: Random,
): Map<number, FaultTarget> {
  const each = faultsEach ?? Math.max(LEAST_FAULTS_EACH, Math.round(traces / TRACES_BY_FAULT))
  const targets: FaultTarget[] = [
    ...FAULT_KINDS.map((kind) => ({ kind })),
    ...queries.filter(({ service }) => service !== undefined),
  ]
  if (each * targets.length > traces / 2) {
    throw new RangeError(`${traces} traces are too few for ${each} faults of each kind`)
  }
  const plan = new Map<number, FaultTarget>()
  for (const target of targets) {
    for (let count = 0; count < each;) {
      const index = Math.floor(random() * traces)
      if (plan.has(index)) continue
      plan.set(index, target)
      count++
    }
  }
  return plan
}

function pickFlow(flows: readonly Flow[], random: Random): Flow {
  const whole = flows.reduce((sum, { weight }) => sum + weight, 0)
  let left = random() * whole
  for (const flow of flows) {
    left -= flow.weight
    if (left < 0) return flow
  }
  throw new Error('the weights of the flows do not add up')
}

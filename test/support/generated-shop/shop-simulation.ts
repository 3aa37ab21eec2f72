// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Attributes, SpanContext } from '@opentelemetry/api'
import type { Fault } from './fault'
import type { Load, Scenario } from './scenario'
import { SeededRandom } from './seeded-random'
import type { CalledPeer, PlannedCall, PlannedOperation } from './shop-plan'
import { ShopTelemetry } from './shop-telemetry'

const SERVER = 1
const CLIENT = 2
const PATIENCE_MILLIS = 20

const ANSWERS = {
  fine: { 'http.response.status_code': 200 },
  failed: { 'http.response.status_code': 500 },
  refused: { 'http.response.status_code': 503 },
}

interface Outcome {
  readonly endMillis: number
  readonly failed: boolean
}

interface Caller {
  readonly service: string
  readonly context: SpanContext
}

/**
 * Lives through a scenario: customers come, services call each other, and what goes wrong goes
 * wrong. Returns what the services have said of it, and the ids of the traces that the fault hit.
 */
export function simulateShop(scenario: Scenario): SimulatedShop {
  const simulation = new ShopSimulation(scenario)
  simulation.run()
  return simulation
}

export interface SimulatedShop {
  readonly telemetry: ShopTelemetry
  /** Traces in which the fault did something. */
  readonly hitTraceIds: ReadonlySet<string>
}

class ShopSimulation implements SimulatedShop {
  readonly telemetry = new ShopTelemetry()
  readonly hitTraceIds = new Set<string>()
  readonly #scenario: Scenario
  readonly #random: SeededRandom
  readonly #described = new Map<PlannedCall['to'], Described>()
  #traceId = ''

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.#random = new SeededRandom(scenario.seed)
  }

  run(): void {
    const { plan, traces, durationMillis, load } = this.#scenario
    const random = this.#random
    const total = plan.traffic.reduce((sum, { weight }) => sum + weight, 0)
    for (let trace = 0; trace < traces; trace++) {
      const atMillis = arrivalShare(load, random) * durationMillis
      let dice = random.between(0, total)
      const wanted = plan.traffic.find(({ weight }) => (dice -= weight) < 0) ?? plan.traffic[0]
      this.#traceId = random.hex(32)
      this.#serve(this.#operation(wanted.operation), atMillis, undefined)
    }
    if (plan.burstyLogs) this.#logNowAndThen()
  }

  /** A server's span, of what it does itself and, in between, of what it calls. */
  #serve(
    operation: PlannedOperation,
    startMillis: number,
    caller: SpanContext | undefined,
  ): Outcome {
    const { service, name, calls } = operation
    const random = this.#random
    const context = this.#newContext()
    const own = this.#ownMillis(operation, startMillis)
    const ownFailure = this.#failsItself(operation, startMillis)
    const toCall = this.#callsOf(operation, startMillis)
    const givesUpAfter = ownFailure ? random.whole(0, toCall.length) : toCall.length
    let now = startMillis + own / (calls.length + 1)
    let callStartMillis = now
    let failed = ownFailure
    let failure = ownFailure ? 'something broke' : undefined
    for (const call of toCall.slice(0, givesUpAfter)) {
      if (failed && !ownFailure) break
      if (!random.chance(call.probability)) continue
      if (!call.parallel) callStartMillis = now
      const outcome = this.#call({ service, context }, call, callStartMillis)
      now = Math.max(now, outcome.endMillis) + (call.parallel ? 0 : own / (calls.length + 1))
      if (outcome.failed && random.chance(call.fatal)) {
        failed = true
        failure ??= `could not reach ${nameOf(call)}`
      }
    }
    const endMillis = now + 0.05
    this.telemetry.addSpan({
      service,
      name,
      kind: SERVER,
      context,
      parent: caller,
      startMillis,
      endMillis,
      attributes: failed ? ANSWERS.failed : ANSWERS.fine,
      failure: failed ? failure : undefined,
      throws: ownFailure,
    })
    this.#log(operation, context, endMillis, failed)
    return { endMillis, failed }
  }

  #ownMillis(operation: PlannedOperation, atMillis: number): number {
    const { durationMillis, drift } = this.#scenario
    const wave = 1 + drift * Math.sin((Math.PI * atMillis) / durationMillis)
    const usual = this.#random.logNormal(operation.selfMillis * wave, operation.sigma)
    const fault = this.#hit('slow-operation', atMillis, ({ operation: id }) => id === operation.id)
    return usual + (fault ? this.#random.logNormal(fault.strength, 0.3) : 0)
  }

  #failsItself(operation: PlannedOperation, atMillis: number): boolean {
    const here = (fault: Fault): boolean => fault.operation === operation.id
    if (this.#hit('error-burst', atMillis, here)) return true
    return this.#random.chance(operation.errorRate)
  }

  /** What it calls as planned, and what a fault makes it call. */
  #callsOf({ id, calls }: PlannedOperation, atMillis: number): readonly PlannedCall[] {
    const fault = this.#hit('new-edge', atMillis, ({ operation }) => operation === id)
    if (!fault) return calls
    const { operations } = this.#scenario.plan
    const target = [...operations.values()].find(({ service }) => service === fault.peer)
    const to = target
      ? { operation: target.id }
      : {
          peer: fault.peer ?? '',
          system: fault.peer ?? '',
          statement: 'find profiles',
          millis: 3,
          sigma: 0.4,
          errorRate: 0,
        }
    return [...calls, { id: `${id} > new`, to, probability: 1, parallel: false, most: 1, fatal: 1 }]
  }

  /** A call of whatever kind, repeated as often as a fault repeats it. */
  #call(caller: Caller, call: PlannedCall, startMillis: number): Outcome {
    const isHere = (fault: Fault): boolean => fault.call === call.id
    const gone = this.#hit('vanished-service', startMillis, ({ service }) =>
      this.#calls(call, service),
    )
    if (gone) {
      // Half of those who vanish were switched off on purpose: nobody calls them any more.
      if (gone.strength === 0) return { endMillis: startMillis, failed: false }
      const endMillis = startMillis + this.#random.between(0.3, 1)
      this.#addClientSpan(caller, call, this.#newContext(), startMillis, endMillis, 'ECONNREFUSED')
      return { endMillis, failed: true }
    }
    const many = this.#hit('n-plus-one', startMillis, isHere)
    const storm = this.#hit('retry-storm', startMillis, isHere)
    let outcome = this.#callOnce(caller, call, startMillis, storm !== undefined)
    const usual = call.most > 1 ? this.#random.whole(1, call.most) - 1 : 0
    const repeats = many ? many.strength - 1 : storm ? storm.strength - 1 : usual
    for (let repeat = 0; repeat < repeats; repeat++) {
      const pause = storm ? this.#random.between(0.5, 1.5) * PATIENCE_MILLIS : 0.2
      const isLast = repeat === repeats - 1
      const fails = storm !== undefined && (!isLast || this.#random.chance(0.5))
      outcome = this.#callOnce(caller, call, outcome.endMillis + pause, fails)
      if (storm && !outcome.failed) break
    }
    return outcome
  }

  #callOnce(caller: Caller, call: PlannedCall, startMillis: number, mustFail: boolean): Outcome {
    const random = this.#random
    const context = this.#newContext()
    const network = random.between(0.1, 0.6)
    if ('peer' in call.to) {
      const { millis, sigma, errorRate } = call.to
      const fault = this.#hit('slow-peer', startMillis, (slow) => slow.call === call.id)
      const extra = fault ? random.logNormal(fault.strength, 0.3) : 0
      const endMillis = startMillis + network + random.logNormal(millis, sigma) + extra
      const failed = mustFail || random.chance(errorRate)
      const failure = failed ? 'connection reset' : undefined
      this.#addClientSpan(caller, call, context, startMillis, endMillis, failure)
      return { endMillis, failed }
    }
    const target = this.#operation(call.to.operation)
    const served = mustFail
      ? this.#refuse(target, startMillis + network / 2, context)
      : this.#serve(target, startMillis + network / 2, context)
    const endMillis = served.endMillis + network / 2
    const failure = served.failed ? 'status 500' : undefined
    this.#addClientSpan(caller, call, context, startMillis, endMillis, failure)
    return { endMillis, failed: served.failed }
  }

  /** A server that answers only that it can't. */
  #refuse(operation: PlannedOperation, startMillis: number, caller: SpanContext): Outcome {
    const { service, name, selfMillis } = operation
    const context = this.#newContext()
    const endMillis = startMillis + this.#random.logNormal(selfMillis, 0.4)
    this.telemetry.addSpan({
      service,
      name,
      kind: SERVER,
      context,
      parent: caller,
      startMillis,
      endMillis,
      attributes: ANSWERS.refused,
      failure: 'overloaded',
      throws: true,
    })
    this.#log(operation, context, endMillis, true)
    return { endMillis, failed: true }
  }

  #addClientSpan(
    { service, context: parent }: Caller,
    { to }: PlannedCall,
    context: SpanContext,
    startMillis: number,
    endMillis: number,
    failure: string | undefined,
  ): void {
    let described = this.#described.get(to)
    if (!described) {
      described = 'peer' in to ? describePeer(to) : describeServer(this.#operation(to.operation))
      this.#described.set(to, described)
    }
    this.telemetry.addSpan({
      service,
      kind: CLIENT,
      context,
      parent,
      startMillis,
      endMillis,
      failure,
      name: described.name,
      attributes: described.attributes,
      throws: false,
    })
  }

  #log(operation: PlannedOperation, context: SpanContext, atMillis: number, failed: boolean): void {
    const { id, service, name, logTemplate } = operation
    const random = this.#random
    if (failed) {
      const body = `${name} failed for customer ${random.hex(8)}`
      this.telemetry.addLog({ service, severity: 'ERROR', body, atMillis, context })
    } else if (random.chance(0.2)) {
      const body = logTemplate
        .replace('%n', String(random.whole(1, 900)))
        .replace('%h', random.hex(8))
      this.telemetry.addLog({ service, severity: 'INFO', body, atMillis, context })
    }
    if (this.#hit('log-burst', atMillis, (fault) => fault.operation === id)) {
      const body = `pool exhausted, waited ${random.whole(10, 99)} ms for a connection`
      this.telemetry.addLog({ service, severity: 'WARN', body, atMillis, context })
    }
  }

  /** Every few minutes somebody refreshes a cache and says so, forty times. */
  #logNowAndThen(): void {
    const { durationMillis, plan } = this.#scenario
    const random = this.#random
    const period = new SeededRandom(plan.seed).between(60_000, 240_000)
    for (let atMillis = period / 2; atMillis < durationMillis; atMillis += period) {
      for (let record = 0; record < 40; record++) {
        const body = `refreshed entry ${random.whole(1, 9_999)} of the price cache`
        const later = atMillis + record * 20
        this.telemetry.addLog({ service: 'catalog', severity: 'INFO', body, atMillis: later })
      }
    }
  }

  /** The scenario's fault, if it is of that kind, lasts, is about this, and strikes this time. */
  #hit(
    kind: Fault['kind'],
    atMillis: number,
    isHere: (fault: Fault) => boolean,
  ): Fault | undefined {
    const { fault, durationMillis } = this.#scenario
    if (fault?.kind !== kind || !isHere(fault)) return undefined
    if (atMillis < fault.from * durationMillis || atMillis > fault.to * durationMillis) {
      return undefined
    }
    if (!this.#random.chance(fault.share)) return undefined
    this.hitTraceIds.add(this.#traceId)
    return fault
  }

  #calls(call: PlannedCall, service: string): boolean {
    return 'operation' in call.to && this.#operation(call.to.operation).service === service
  }

  #operation(id: string): PlannedOperation {
    const operation = this.#scenario.plan.operations.get(id)
    if (!operation) throw new Error(`the plan has no operation ${id}`)
    return operation
  }

  #newContext(): SpanContext {
    return { traceId: this.#traceId, spanId: this.#random.hex(16), traceFlags: 1 }
  }
}

/** When a customer comes, from 0 to 1. */
export function arrivalShare(load: Load, random: SeededRandom): number {
  for (;;) {
    const share = random.between(0, 1)
    const density = {
      steady: 1,
      // Four times as many at the end as at the beginning.
      growing: 0.25 + 0.75 * share,
      waves: 0.6 + 0.4 * Math.sin(4 * Math.PI * share),
    }[load]
    if (random.chance(density)) return share
  }
}

function nameOf({ to }: PlannedCall): string {
  return 'peer' in to ? to.peer : to.operation
}

interface Described {
  readonly name: string
  readonly attributes: Attributes
}

function describeServer({ service, name }: PlannedOperation): Described {
  return { name, attributes: { 'server.address': service, 'http.request.method': 'POST' } }
}

function describePeer(to: CalledPeer): Described {
  const [verb] = to.statement.split(' ')
  return {
    name: `${verb} ${to.peer}`,
    attributes: {
      'db.system.name': to.system,
      'db.query.text': to.statement,
      'server.address': to.peer,
    },
  }
}

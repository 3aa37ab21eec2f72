// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SpanKind } from '@opentelemetry/api'
import { requestFromJson } from '../../../src/otlp/json-to-protobuf'
import type { OtlpBatch } from '../../../src/otlp/otlp-batch'
import { EPOCH_MILLIS } from '../recording'
import type { Scenario } from './scenario'
import { SeededRandom } from './seeded-random'
import type { ShopTelemetry } from './shop-telemetry'

const INTERVAL_MILLIS = 15_000

/**
 * What each service measures every 15 s: memory that grows and is collected, a pool that breathes,
 * and how many requests it has served.
 */
export function makeShopMetrics(scenario: Scenario, telemetry: ShopTelemetry): OtlpBatch[] {
  const random = new SeededRandom(scenario.seed + 77)
  const services = new Set([...scenario.plan.operations.values()].map(({ service }) => service))
  const served = countServed(telemetry)
  const batches: OtlpBatch[] = []
  const gauges = new Map(
    [...services].map((service, index) => [
      service,
      new ServiceGauges(new SeededRandom(scenario.plan.seed * 64 + index), random),
    ]),
  )
  for (
    let atMillis = INTERVAL_MILLIS;
    atMillis < scenario.durationMillis;
    atMillis += INTERVAL_MILLIS
  ) {
    const resourceMetrics = [...gauges].map(([service, gauge]) => {
      const requests = served(service, atMillis)
      return {
        service,
        metrics: gauge.measure(atMillis, requests, shiftOf(scenario, service, atMillis)),
      }
    })
    const json = {
      resourceMetrics: resourceMetrics.map(({ service, metrics }) => ({
        resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
        scopeMetrics: [{ metrics }],
      })),
    }
    batches.push({
      signal: 'metrics',
      body: requestFromJson(json, 'metrics'),
      capturedAtUnixNano: BigInt(Math.round(EPOCH_MILLIS + atMillis)) * 1_000_000n,
    })
  }
  return batches
}

/** By how much a fault multiplies what the service's pool reports. */
function shiftOf({ fault, durationMillis }: Scenario, service: string, atMillis: number): number {
  if (fault?.kind !== 'metric-shift' || fault.service !== service) return 1
  const isOn = atMillis >= fault.from * durationMillis && atMillis <= fault.to * durationMillis
  return isOn ? fault.strength : 1
}

class ServiceGauges {
  readonly #random: SeededRandom
  readonly #pool: number
  readonly #floor: number
  readonly #growth: number
  #memory: number
  #wobble = 0

  /** @param nature the same in every session of the shop */
  constructor(nature: SeededRandom, random: SeededRandom) {
    this.#random = random
    this.#pool = nature.between(8, 40)
    this.#floor = nature.between(60e6, 200e6)
    this.#growth = nature.between(1e6, 8e6)
    this.#memory = this.#floor
  }

  measure(atMillis: number, requests: number, shift: number): object[] {
    const random = this.#random
    this.#memory += this.#growth * random.between(0.5, 1.5)
    if (this.#memory > this.#floor * 1.6) this.#memory = this.#floor
    this.#wobble = 0.7 * this.#wobble + 0.08 * random.normal()
    const timeUnixNano = `${Math.round(EPOCH_MILLIS + atMillis)}000000`
    const startTimeUnixNano = `${EPOCH_MILLIS}000000`
    const gauge = (value: number): object => ({ dataPoints: [{ timeUnixNano, asDouble: value }] })
    return [
      { name: 'process.memory.usage', unit: 'By', gauge: gauge(this.#memory) },
      {
        name: 'db.client.connection.count',
        unit: '{connection}',
        gauge: gauge(this.#pool * (1 + this.#wobble) * shift),
      },
      {
        name: 'http.server.requests',
        unit: '{request}',
        sum: {
          aggregationTemporality: 2,
          isMonotonic: true,
          dataPoints: [{ startTimeUnixNano, timeUnixNano, asInt: String(requests) }],
        },
      },
    ]
  }
}

/** How many requests a service has served until then. */
function countServed(telemetry: ShopTelemetry): (service: string, atMillis: number) => number {
  const times = new Map<string, number[]>()
  for (const { kind, endTime, resource } of telemetry.spans) {
    if (kind !== SpanKind.SERVER) continue
    const service = String(resource.attributes['service.name'])
    const endMillis = endTime[0] * 1_000 + endTime[1] / 1e6 - EPOCH_MILLIS
    let ends = times.get(service)
    if (!ends) times.set(service, (ends = []))
    ends.push(endMillis)
  }
  for (const ends of times.values()) ends.sort((left, right) => left - right)
  const passed = new Map<string, number>()
  return (service, atMillis) => {
    const ends = times.get(service) ?? []
    let count = passed.get(service) ?? 0
    while (count < ends.length && ends[count] <= atMillis) count++
    passed.set(service, count)
    return count
  }
}

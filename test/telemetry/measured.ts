// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Attributes, metrics } from '@opentelemetry/api'
import {
  type CollectionResult,
  type Histogram,
  MeterProvider,
  MetricReader,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics'
import { followMeterProvider } from '../../src/telemetry/follow-meter-provider'

/** One value of one of our metrics, as the SDK collected it. */
export interface Point {
  readonly name: string
  readonly unit: string
  readonly description: string
  readonly attributes: Attributes
  /** Of a histogram: how often something was recorded. */
  readonly value: number
}

/** What the real SDK keeps of what we measure, collected when a test asks. */
export interface Measured {
  readonly provider: MeterProvider
  collect(): Promise<CollectionResult>
  /** All that one meter, ours by default, tells, in the order in which the SDK gives it. */
  points(name?: string, meterName?: string): Promise<Point[]>
  /** Of all points of that name that have these attributes, and maybe others. */
  sum(name: string, attributes?: Attributes): Promise<number>
  stop(): Promise<void>
}

class ManualReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** From now on: counters go on from test to test, and are told at once. */
export function startMeasuring(): Measured {
  const measured = createMeasured()
  metrics.setGlobalMeterProvider(measured.provider)
  followMeterProvider()
  return measured
}

/** As `startMeasuring`, and leaves it to the test to make the provider the global one. */
export function createMeasured(views: ViewOptions[] = []): Measured {
  const reader = new ManualReader()
  const provider = new MeterProvider({ readers: [reader], views })
  const points = async (wanted?: string, meterName = 'otel-tape'): Promise<Point[]> => {
    const { resourceMetrics, errors } = await reader.collect()
    expect(errors).toEqual([])
    return resourceMetrics.scopeMetrics
      .filter(({ scope }) => scope.name === meterName)
      .flatMap((scopeMetrics) => scopeMetrics.metrics)
      .filter(({ descriptor }) => wanted === undefined || descriptor.name === wanted)
      .flatMap(({ descriptor: { name, unit, description }, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => ({
          ...{ name, unit, description, attributes },
          value: typeof value === 'number' ? value : (value as Histogram).count,
        })),
      )
  }
  return {
    provider,
    collect: () => reader.collect(),
    points,
    sum: async (name, attributes = {}) =>
      (await points(name))
        .filter((point) => hasAll(point.attributes, attributes))
        .reduce((sum, { value }) => sum + value, 0),
    stop: async () => {
      metrics.disable()
      await provider.shutdown()
    },
  }
}

function hasAll(attributes: Attributes, wanted: Attributes): boolean {
  return Object.entries(wanted).every(([name, value]) => attributes[name] === value)
}

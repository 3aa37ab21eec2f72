// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { ReadableLogRecord, ReadableSpan, ResourceMetrics } from '../../src/otlp/sdk-types'

/** What an app exports in one go: a batch of each signal, of `ITEMS_PER_BATCH` items each. */
export interface Round {
  readonly spans: ReadableSpan[]
  readonly metrics: ResourceMetrics
  readonly logs: ReadableLogRecord[]
}

export const ITEMS_PER_BATCH = 5

/** Made by the SDK. Every item can be told apart, and none can be compressed. */
export async function makeRounds(count: number): Promise<Round[]> {
  const spanExporter = new InMemorySpanExporter()
  const logExporter = new InMemoryLogRecordExporter()
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.DELTA)
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter })
  const tracer = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter: spanExporter })],
  }).getTracer('faults')
  const logger = new LoggerProvider({
    processors: [new SimpleLogRecordProcessor({ exporter: logExporter })],
  }).getLogger('faults')
  const meters = new MeterProvider({ readers: [reader] })
  const rounds: Round[] = []
  for (let round = 0; round < count; round++) {
    const counter = meters.getMeter('faults').createCounter(`count-${round}`)
    for (let item = 0; item < ITEMS_PER_BATCH; item++) {
      const attributes = { payload: randomBytes(300).toString('base64') }
      tracer.startSpan(`span-${round}-${item}`, { attributes }).end()
      logger.emit({ body: `log-${round}-${item}`, attributes })
      counter.add(1, { point: `point-${round}-${item}` })
    }
    await reader.forceFlush()
    const metrics = metricExporter.getMetrics()[0]
    const spans = spanExporter.getFinishedSpans()
    const logs = logExporter.getFinishedLogRecords()
    rounds.push({ spans: [...spans], metrics: onlyNew(metrics, round), logs: [...logs] })
    metricExporter.reset()
    spanExporter.reset()
    logExporter.reset()
  }
  await reader.shutdown()
  return rounds
}

/** Of counters of earlier rounds a delta says nothing, but may name them. */
function onlyNew(metrics: ResourceMetrics, round: number): ResourceMetrics {
  return {
    ...metrics,
    scopeMetrics: metrics.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.filter(({ descriptor }) => descriptor.name === `count-${round}`),
    })),
  }
}

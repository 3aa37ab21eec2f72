// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { InMemoryLogRecordExporter } from '@opentelemetry/sdk-logs'
import { AggregationTemporality, InMemoryMetricExporter } from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, type SpanExporter } from '@opentelemetry/sdk-trace'
import { hrTimeToNanoseconds } from '@opentelemetry/core'
import { requestFromJson } from '../../src/otlp/json-to-protobuf'
import { SIGNALS } from '../../src/otlp/signal'
import type { RejectedBatch } from '../../src/replay/batch-sink'
import type { ReplayConfig } from '../../src/replay/replay-config'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { decodeIndependently } from '../support/independent-decoder'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { openTarget } from './otlp-target'

async function replay(config: Partial<ReplayConfig>) {
  const store = new MemoryStore()
  const batches = SIGNALS.flatMap((signal, index) => [
    makeBatch(signal, { names: ['a', 'b'], atMillis: EPOCH_MILLIS + index }),
    makeBatch(signal, { names: ['c'], service: 'payment', atMillis: EPOCH_MILLIS + index + 10 }),
  ]).sort((a, b) => Number(a.capturedAtUnixNano - b.capturedAtUnixNano))
  await recordSession(store, 'sdk', batches)
  const run = startReplay({
    sessionId: 'sdk',
    store,
    speedMultiplier: Infinity,
    concurrency: 1,
    timestampAdjustment: 'none',
    ...config,
  })
  const rejected: RejectedBatch[] = []
  run.on('rejected', (batch) => rejected.push(batch))
  return { status: await run.finished, rejected, batches }
}

test('exporters in memory get spans, metrics and log records', async () => {
  const traces = new InMemorySpanExporter()
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const logs = new InMemoryLogRecordExporter()
  const { status } = await replay({ exporters: { traces, metrics, logs } })

  expect(status).toMatchObject({ status: 'completed', sentRecords: 9, failedRecords: 0 })
  const spans = traces.getFinishedSpans()
  expect(spans.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  expect(hrTimeToNanoseconds(spans[0].duration)).toBe(5_000_000)
  expect(spans[2].resource.attributes).toEqual({ 'service.name': 'payment' })
  expect(logs.getFinishedLogRecords().map(({ body }) => body)).toEqual(['a', 'b', 'c'])
  expect(
    metrics
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap((scope) => scope.metrics.map(({ descriptor }) => descriptor.name)),
  ).toEqual(['a', 'b', 'c'])
})

test('OTLP exporters of the SDK send on what was recorded', async () => {
  await using target = await openTarget()
  const exporters = {
    traces: new OTLPTraceExporter({ url: `${target.url}/v1/traces` }),
    metrics: new OTLPMetricExporter({ url: `${target.url}/v1/metrics` }),
    logs: new OTLPLogExporter({ url: `${target.url}/v1/logs` }),
  }
  const { status, batches } = await replay({ exporters })

  expect(status).toMatchObject({ sentRecords: 9 })
  expect(target.requests.map(({ signal }) => signal)).toEqual(batches.map(({ signal }) => signal))
  target.requests.forEach(({ signal, body }, index) => {
    // The SDK writes defaults that a recording may leave out, so bytes differ.
    const names = (bytes: Uint8Array) =>
      JSON.stringify(decodeIndependently(signal, bytes)).match(/"[abc]"|\d{19}/g)
    expect(names(body)).toEqual(names(batches[index].body))
  })
  await Promise.all(Object.values(exporters).map((exporter) => exporter.shutdown()))
})

test('a signal without an exporter is not replayed', async () => {
  const traces = new InMemorySpanExporter()
  const { status } = await replay({ exporters: { traces } })
  expect(status).toMatchObject({ totalRecords: 3, sentRecords: 3 })
})

describe('an export that fails is counted and reported', () => {
  const exporterThat = (run: SpanExporter['export']): SpanExporter => ({
    export: run,
    shutdown: async () => undefined,
  })

  test.each<[string, SpanExporter['export'], string]>([
    ['with an error', (_spans, done) => done({ code: 1, error: new Error('no room') }), 'no room'],
    ['without saying why', (_spans, done) => done({ code: 1 }), 'does not say why'],
    [
      'by throwing',
      () => {
        throw new Error('broken')
      },
      'broken',
    ],
    ['by never calling back', () => undefined, 'no result within 50 ms'],
  ])('%s', async (_name, run, message) => {
    const { status, rejected } = await replay({
      exporters: { traces: exporterThat(run) },
      timeoutMillis: 50,
    })
    expect(status).toMatchObject({ status: 'completed', sentRecords: 0, failedRecords: 3 })
    expect(rejected.map(({ itemCount }) => itemCount)).toEqual([2, 1])
    expect(rejected[0].message).toContain(message)
  })

  test('a flush at the end that fails ends the replay with an error', async () => {
    const traces = {
      ...exporterThat((_spans, done) => done({ code: 0 })),
      forceFlush: () => Promise.reject(new Error('lost the connection')),
    }
    await expect(replay({ exporters: { traces } })).rejects.toMatchObject({
      reason: 'IngestionFailure',
      message: 'an exporter failed to flush: lost the connection',
    })
  })
})

test('data points that SDK objects have no place for count as failed', async () => {
  const store = new MemoryStore()
  const body = requestFromJson(
    {
      resourceMetrics: [
        {
          scopeMetrics: [
            {
              metrics: [
                { name: 'kept', gauge: { dataPoints: [{ asInt: '1' }, { asDouble: 2 }] } },
                { name: 'lost', summary: { dataPoints: [{ count: '1', sum: 2 }] } },
              ],
            },
          ],
        },
      ],
    },
    'metrics',
  )
  const capturedAtUnixNano = BigInt(EPOCH_MILLIS) * 1_000_000n
  await recordSession(store, 'summary', [{ signal: 'metrics', body, capturedAtUnixNano }])
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const status = await startReplay({ sessionId: 'summary', store, exporters: { metrics } }).finished
  expect(status).toMatchObject({ totalRecords: 3, sentRecords: 2, failedRecords: 1 })
})

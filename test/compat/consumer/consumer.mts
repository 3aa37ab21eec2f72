// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An app in TypeScript, in the two places where our types meet those of the SDK: what is
// wrapped, what is replayed through, and what a test hears. It is compiled on each line, not run.
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BatchLogRecordProcessor, type LogRecordExporter } from '@opentelemetry/sdk-logs'
import { PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace'
import {
  type Capture,
  CaptureError,
  CapturingLogRecordExporter,
  CapturingMetricExporter,
  CapturingSpanExporter,
  MemoryStore,
  type ReplayStatus,
  type SessionMetadata,
  startCapture,
  startReplay,
} from 'otel-tape'
import 'otel-tape/register'
import { type CapturedSpan, type TestCapture, startTestCapture } from 'otel-tape/testing'

const capture: Capture = startCapture({ sessionId: 'typed', store: new MemoryStore() })

export const sdk = new NodeSDK({
  traceExporter: capture.spanExporter(new OTLPTraceExporter()),
  metricReaders: [
    new PeriodicExportingMetricReader({
      exporter: capture.metricExporter(new OTLPMetricExporter()),
    }),
  ],
  logRecordProcessors: [
    new BatchLogRecordProcessor({ exporter: capture.logRecordExporter(new OTLPLogExporter()) }),
  ],
  spanProcessors: [new BatchSpanProcessor({ exporter: capture.spanExporter() })],
})

export const spanExporter: SpanExporter = new CapturingSpanExporter(
  capture,
  new OTLPTraceExporter(),
)
export const metricExporter: PushMetricExporter = new CapturingMetricExporter(
  capture,
  new OTLPMetricExporter(),
)
export const logRecordExporter: LogRecordExporter = new CapturingLogRecordExporter(
  capture,
  new OTLPLogExporter(),
)

export async function record(): Promise<SessionMetadata> {
  try {
    await capture.ready
  } catch (error) {
    if (error instanceof CaptureError && error.reason === 'SessionCompleted') throw error
  }
  return capture.stop()
}

export async function play(): Promise<ReplayStatus> {
  const replay = startReplay({
    sessionId: 'typed',
    exporters: {
      traces: new OTLPTraceExporter(),
      metrics: new OTLPMetricExporter(),
      logs: new OTLPLogExporter(),
    },
  })
  replay.on('progress', ({ processedRecords, totalRecords }) => {
    console.log(processedRecords / totalRecords)
  })
  return replay.finished
}

export function listen(): CapturedSpan[] {
  const tape: TestCapture = startTestCapture()
  const heard = new NodeSDK({
    spanProcessors: [tape.spanProcessor()],
    metricReaders: [tape.metricReader()],
    logRecordProcessors: [tape.logRecordProcessor()],
  })
  heard.start()
  return tape.spans()
}

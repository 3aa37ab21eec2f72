// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Loaded before the app: `node --import ./telemetry.js app.js`.
import { register } from 'node:module'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { startCapture } from 'otel-tape'

// What an ES module imports can be instrumented only by way of this hook.
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url)

// Where it is kept: OTEL_TAPE_STORE or MINIO_ENDPOINT, else the folder .otel-tape.
export const capture = startCapture({ description: 'the example app', createdBy: 'example' })

const sdk = new NodeSDK({
  serviceName: 'example-app',
  instrumentations: [new HttpInstrumentation()],
  traceExporter: capture.spanExporter(new OTLPTraceExporter()),
  metricReaders: [
    new PeriodicExportingMetricReader({
      exporter: capture.metricExporter(new OTLPMetricExporter()),
    }),
  ],
  logRecordProcessors: [
    new BatchLogRecordProcessor({ exporter: capture.logRecordExporter(new OTLPLogExporter()) }),
  ],
})
sdk.start()

export async function stopTelemetry() {
  // Without a backend this takes ten seconds and fails; what was recorded is safe all the same.
  await sdk.shutdown().catch((error) => console.error(`not exported: ${error.message}`))
  return capture.stop()
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Capture } from '../../capture/start-capture'

/** Batches this small leave often: a replay of some seconds has something to pace. */
const EXPORT_INTERVAL_MILLIS = 500

/**
 * Sets up the OpenTelemetry SDK as an app does, with exporters that `capture`
 * wraps. They send to `OTEL_EXPORTER_OTLP_ENDPOINT`. Resolves what ends it: the
 * app must not load `http` before this has been called.
 *
 * @example
 * const sdk = startSdk(startCapture())
 * // … the app …
 * await sdk.shutdown()
 */
export function startSdk(capture: Capture): { shutdown(): Promise<void> } {
  const { NodeSDK } = require('@opentelemetry/sdk-node') as typeof import('@opentelemetry/sdk-node')
  const { PeriodicExportingMetricReader } =
    require('@opentelemetry/sdk-metrics') as typeof import('@opentelemetry/sdk-metrics')
  const { BatchLogRecordProcessor } =
    require('@opentelemetry/sdk-logs') as typeof import('@opentelemetry/sdk-logs')
  const { HttpInstrumentation } =
    require('@opentelemetry/instrumentation-http') as typeof import('@opentelemetry/instrumentation-http')
  const { OTLPTraceExporter } =
    require('@opentelemetry/exporter-trace-otlp-proto') as typeof import('@opentelemetry/exporter-trace-otlp-proto')
  const { OTLPMetricExporter } =
    require('@opentelemetry/exporter-metrics-otlp-proto') as typeof import('@opentelemetry/exporter-metrics-otlp-proto')
  const { OTLPLogExporter } =
    require('@opentelemetry/exporter-logs-otlp-proto') as typeof import('@opentelemetry/exporter-logs-otlp-proto')
  // The span processor's constructor differs between SDK 2.x and 3.x; this does not.
  process.env.OTEL_BSP_SCHEDULE_DELAY = String(EXPORT_INTERVAL_MILLIS)
  const sdk = new NodeSDK({
    serviceName: 'demo-shop',
    // What it would find out about this machine is nobody's business.
    autoDetectResources: false,
    instrumentations: [new HttpInstrumentation()],
    traceExporter: capture.spanExporter(new OTLPTraceExporter()),
    metricReaders: [
      new PeriodicExportingMetricReader({
        exporter: capture.metricExporter(new OTLPMetricExporter()),
        exportIntervalMillis: 2 * EXPORT_INTERVAL_MILLIS,
      }),
    ],
    logRecordProcessors: [
      new BatchLogRecordProcessor({
        exporter: capture.logRecordExporter(new OTLPLogExporter()),
        scheduledDelayMillis: EXPORT_INTERVAL_MILLIS,
      }),
    ],
  })
  sdk.start()
  return sdk
}

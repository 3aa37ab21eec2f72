// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { MetricReader } from '@opentelemetry/sdk-metrics'
import type { Capture } from '../capture/start-capture'
import type { PushMetricExporter } from '../otlp/sdk-types'
import { positiveNumberFrom, textFrom } from '../options/environment'
import { exporterNames } from './exporter-names'
import type { InstalledPackage } from './installed-package'
import { createOtlpExporter } from './otlp-exporter'

interface MetricsSdk {
  PeriodicExportingMetricReader: new (options: object) => MetricReader
  ConsoleMetricExporter: new () => PushMetricExporter
}

const DEFAULT_INTERVAL_MILLIS = 60_000
const DEFAULT_TIMEOUT_MILLIS = 30_000

/**
 * The metric readers that `OTEL_METRICS_EXPORTER` names. The one for OTLP records
 * what it sends: another reader would collect at other times and with another
 * temporality. Where there is none, a reader that only records takes its place.
 */
export function createMetricReaders(
  capture: Capture | undefined,
  sdk: InstalledPackage,
): MetricReader[] {
  const { PeriodicExportingMetricReader, ConsoleMetricExporter } = sdk.loadDependency(
    '@opentelemetry/sdk-metrics',
  ) as MetricsSdk
  const options = periodicOptions()
  const periodic = (exporter: PushMetricExporter) =>
    new PeriodicExportingMetricReader({ ...options, exporter })
  const recording = (exporter: PushMetricExporter) => capture?.metricExporter(exporter) ?? exporter
  const create = {
    otlp: () => periodic(recording(createOtlpExporter('metrics', sdk))),
    console: () => periodic(new ConsoleMetricExporter()),
    prometheus: () => createPrometheusExporter(sdk),
  }
  const names = exporterNames('metrics', ['otlp', 'console', 'prometheus'])
  const readers = names.map((name) => create[name]())
  const isRecordedOnly = capture !== undefined && !names.includes('otlp')
  return isRecordedOnly ? [periodic(capture.metricExporter()), ...readers] : readers
}

/** A reader refuses a timeout beyond its interval. */
function periodicOptions(): object {
  const exportIntervalMillis =
    positiveNumberFrom('OTEL_METRIC_EXPORT_INTERVAL') ?? DEFAULT_INTERVAL_MILLIS
  const timeoutMillis = positiveNumberFrom('OTEL_METRIC_EXPORT_TIMEOUT') ?? DEFAULT_TIMEOUT_MILLIS
  return {
    exportIntervalMillis,
    exportTimeoutMillis: Math.min(exportIntervalMillis, timeoutMillis),
  }
}

function createPrometheusExporter(sdk: InstalledPackage): MetricReader {
  const { PrometheusExporter } = sdk.loadDependency('@opentelemetry/exporter-prometheus') as {
    PrometheusExporter: new (options: object) => MetricReader
  }
  return new PrometheusExporter({
    host: textFrom('OTEL_EXPORTER_PROMETHEUS_HOST'),
    port: positiveNumberFrom('OTEL_EXPORTER_PROMETHEUS_PORT'),
  })
}

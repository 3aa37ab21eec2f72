// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import type { LogRecordExporter, PushMetricExporter, SpanExporter } from '../otlp/sdk-types'
import type { Signal } from '../otlp/signal'
import { textFrom } from '../options/environment'
import type { InstalledPackage } from './installed-package'

interface ExporterOf {
  traces: SpanExporter
  metrics: PushMetricExporter
  logs: LogRecordExporter
}

/** What the names of the packages and of the classes in them have of the signal. */
const PACKAGE_WORDS = { traces: 'trace', metrics: 'metrics', logs: 'logs' } as const
const CLASS_NAMES = {
  traces: 'OTLPTraceExporter',
  metrics: 'OTLPMetricExporter',
  logs: 'OTLPLogExporter',
} as const

const PACKAGE_ENDINGS: Readonly<Record<string, string>> = {
  'http/protobuf': 'proto',
  'http/json': 'http',
  grpc: 'grpc',
}

/**
 * The SDK's own OTLP exporter of a signal, for the protocol that
 * `OTEL_EXPORTER_OTLP_PROTOCOL` or the signal's own variable names. Endpoint,
 * headers and all the rest it reads from the environment itself.
 */
export function createOtlpExporter<S extends Signal>(
  signal: S,
  sdk: InstalledPackage,
): ExporterOf[S] {
  const name = `@opentelemetry/exporter-${PACKAGE_WORDS[signal]}-otlp-${packageEnding(signal)}`
  // Each of these packages has a class of that name, which exports that signal.
  const classes = sdk.loadDependency(name) as Record<string, new () => ExporterOf[S]>
  return new classes[CLASS_NAMES[signal]]()
}

function packageEnding(signal: Signal): string {
  const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_PROTOCOL`
  const variable = textFrom(own) === undefined ? 'OTEL_EXPORTER_OTLP_PROTOCOL' : own
  const protocol = textFrom(variable) ?? 'http/protobuf'
  if (Object.hasOwn(PACKAGE_ENDINGS, protocol)) return PACKAGE_ENDINGS[protocol]
  const known = Object.keys(PACKAGE_ENDINGS).join(', ')
  diag.warn(`${variable}: '${protocol}' is ignored, known are ${known}`)
  return PACKAGE_ENDINGS['http/protobuf']
}

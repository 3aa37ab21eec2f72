// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { CommandError } from '../command-error'

/** What the demo's app is made with, beyond what otel-tape itself needs. */
const PACKAGES: readonly string[] = Object.freeze([
  '@opentelemetry/api',
  '@opentelemetry/sdk-node',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/sdk-logs',
  '@opentelemetry/instrumentation-http',
  '@opentelemetry/exporter-trace-otlp-proto',
  '@opentelemetry/exporter-metrics-otlp-proto',
  '@opentelemetry/exporter-logs-otlp-proto',
])

/** @throws CommandError of code `PACKAGE_MISSING`, which says what to install */
export function assertDemoPackages(): void {
  const missing = PACKAGES.filter((name) => !isInstalled(name))
  if (missing.length === 0) return
  throw new CommandError(
    'PACKAGE_MISSING',
    `the demo's app needs the OpenTelemetry SDK: npm install --save-dev ${missing.join(' ')}`,
  )
}

function isInstalled(name: string): boolean {
  try {
    require.resolve(name)
    return true
  } catch {
    return false
  }
}

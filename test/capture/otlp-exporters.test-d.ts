// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Nothing here runs: the type check of the repository is the test. Each line fails to compile when
// the SDK no longer takes our exporters, or we no longer take its options.

import type { OTLPMetricExporterOptions } from '@opentelemetry/exporter-metrics-otlp-http'
import type { OTLPExporterNodeConfigBase } from '@opentelemetry/otlp-exporter-base'
import type { LogRecordExporter } from '@opentelemetry/sdk-logs'
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { OtlpExporterOptions } from '../../src/capture/otlp-exporter-options'
import type { OtlpExporters } from '../../src/capture/otlp-exporters'

type Assignable<From, To> = [From] extends [To] ? true : never
/** An enum of strings takes nothing but itself; its values are the same. */
type SdkOptions = Omit<OTLPExporterNodeConfigBase, 'compression' | 'selfObsMeterProvider'> &
  Omit<OTLPMetricExporterOptions, 'selfObsMeterProvider'>

export const proofs: true[] = [
  true satisfies Assignable<OtlpExporters['traces'], SpanExporter>,
  true satisfies Assignable<OtlpExporters['metrics'], PushMetricExporter>,
  true satisfies Assignable<OtlpExporters['logs'], LogRecordExporter>,
  true satisfies Assignable<SdkOptions, OtlpExporterOptions>,
]

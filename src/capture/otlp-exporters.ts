// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { encodeCountedLogRecords } from '../otlp/encode-log-records'
import { encodeCountedMetrics } from '../otlp/encode-metrics'
import { encodeCountedSpans } from '../otlp/encode-spans'
import type {
  LogRecordExporter,
  PushMetricExporter,
  ReadableLogRecord,
  ReadableSpan,
  ResourceMetrics,
  SpanExporter,
} from '../otlp/sdk-types'
import type { BatchRecorder } from './batch-recorder'
import { RecordingOtlpExporter } from './otlp-exporter'
import { metricChoices } from './otlp-exporter-metric-choices'
import { type OtlpExporterOptions, resolveOtlpExporterOptions } from './otlp-exporter-options'

/** Exporters that record what they send. */
export interface OtlpExporters {
  readonly traces: Required<SpanExporter>
  readonly metrics: Required<PushMetricExporter>
  readonly logs: LogRecordExporter
}

/**
 * The three exporters of `capture.otlpExporters`.
 *
 * @throws CaptureError of reason `InvalidConfig` for a wrong option; a wrong variable warns
 */
export function createOtlpExporters(
  recorder: BatchRecorder,
  options: OtlpExporterOptions = {},
): OtlpExporters {
  const { targets, metrics } = resolveOtlpExporterOptions(options)
  return {
    traces: new RecordingOtlpExporter<ReadableSpan[]>(
      'traces',
      recorder,
      encodeCountedSpans,
      targets.traces,
    ),
    metrics: Object.assign(
      new RecordingOtlpExporter<ResourceMetrics>(
        'metrics',
        recorder,
        encodeCountedMetrics,
        targets.metrics,
      ),
      metricChoices(metrics),
    ),
    logs: new RecordingOtlpExporter<ReadableLogRecord[]>(
      'logs',
      recorder,
      encodeCountedLogRecords,
      targets.logs,
    ),
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { encodeCountedMetrics } from '../otlp/encode-metrics'
import type { ExportResult, PushMetricExporter, ResourceMetrics } from '../otlp/sdk-types'
import type { BatchRecorder } from './batch-recorder'
import { checkWrapping } from './check-wrapping'
import { exportThrough } from './export-through'

/**
 * A metric exporter that records what it is given and hands it on, under the
 * same rules as `CapturingSpanExporter`. Temporality and aggregation are the
 * inner exporter's choice.
 *
 * @example
 * const exporter = new CapturingMetricExporter(capture, new OTLPMetricExporter())
 */
export class CapturingMetricExporter implements PushMetricExporter {
  // Readers test whether these are there, and choose for themselves if not.
  readonly selectAggregation?: NonNullable<PushMetricExporter['selectAggregation']>
  readonly selectAggregationTemporality?: NonNullable<
    PushMetricExporter['selectAggregationTemporality']
  >

  constructor(
    readonly capture: BatchRecorder,
    readonly inner?: PushMetricExporter,
  ) {
    checkWrapping('CapturingMetricExporter', capture, inner)
    if (inner?.selectAggregation) {
      this.selectAggregation = inner.selectAggregation.bind(inner)
    }
    if (inner?.selectAggregationTemporality) {
      this.selectAggregationTemporality = inner.selectAggregationTemporality.bind(inner)
    }
  }

  export(metrics: ResourceMetrics, resultCallback: (result: ExportResult) => void): void {
    this.capture.record('metrics', () => encodeCountedMetrics(metrics))
    exportThrough(this.inner, metrics, resultCallback)
  }

  async forceFlush(): Promise<void> {
    await this.inner?.forceFlush()
  }

  async shutdown(): Promise<void> {
    await this.inner?.shutdown()
  }
}

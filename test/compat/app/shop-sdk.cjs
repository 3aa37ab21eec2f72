// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// The set-up of an app with an SDK of its own: what our README shows, with delta and
// cumulative metrics, and exponential histograms.

module.exports = { startShopSdk }

function startShopSdk({ otelTape, sdkNode, sdkMetrics, sdkLogs, http, exporters }, store) {
  const { OTLPTraceExporter, OTLPMetricExporter, OTLPLogExporter } = exporters
  const { AggregationTemporality, AggregationType, PeriodicExportingMetricReader } = sdkMetrics
  const capture = otelTape.startCapture({
    store,
    description: 'compat',
    enabledFlags: ['new-shop'],
  })
  const reader = (options) =>
    new PeriodicExportingMetricReader({
      exporter: capture.metricExporter(new OTLPMetricExporter(options)),
    })
  const sdk = new sdkNode.NodeSDK({
    traceExporter: capture.spanExporter(new OTLPTraceExporter()),
    metricReaders: [
      reader({ temporalityPreference: AggregationTemporality.CUMULATIVE }),
      reader({
        temporalityPreference: AggregationTemporality.DELTA,
        aggregationPreference: () => ({ type: AggregationType.DEFAULT }),
      }),
    ],
    views: [
      {
        instrumentName: 'order.duration',
        aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
        name: 'order.duration.exponential',
      },
      { instrumentName: 'order.duration', aggregation: { type: AggregationType.DEFAULT } },
    ],
    logRecordProcessors: [
      new sdkLogs.BatchLogRecordProcessor({
        exporter: capture.logRecordExporter(new OTLPLogExporter()),
      }),
    ],
    instrumentations: [new http.HttpInstrumentation()],
  })
  sdk.start()
  return {
    capture,
    stop: async () => {
      await sdk.shutdown()
      return capture.stop()
    },
  }
}

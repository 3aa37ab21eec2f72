// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// The set-up of an app with an SDK of its own: what our README shows, with delta and
// cumulative metrics, and exponential histograms. Exporters of the SDK are wrapped, or,
// where `own` is asked for, those of the capture take their place.

module.exports = { startShopSdk }

function startShopSdk({ otelTape, sdkNode, sdkMetrics, sdkLogs, http, exporters }, store, kind) {
  const { AggregationTemporality, AggregationType, PeriodicExportingMetricReader } = sdkMetrics
  const capture = otelTape.startCapture({
    store,
    description: 'compat',
    enabledFlags: ['new-shop'],
  })
  const { traces, metricsWith, logs } =
    kind === 'own' ? ownExporters(capture) : wrappedExporters(capture, exporters)
  const reader = (options) => new PeriodicExportingMetricReader({ exporter: metricsWith(options) })
  const sdk = new sdkNode.NodeSDK({
    traceExporter: traces,
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
    logRecordProcessors: [new sdkLogs.BatchLogRecordProcessor({ exporter: logs })],
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

function wrappedExporters(capture, { OTLPTraceExporter, OTLPMetricExporter, OTLPLogExporter }) {
  return {
    traces: capture.spanExporter(new OTLPTraceExporter()),
    metricsWith: (options) => capture.metricExporter(new OTLPMetricExporter(options)),
    logs: capture.logRecordExporter(new OTLPLogExporter()),
  }
}

function ownExporters(capture) {
  const { traces, logs } = capture.otlpExporters()
  return { traces, metricsWith: (options) => capture.otlpExporters(options).metrics, logs }
}

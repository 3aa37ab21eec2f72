// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Replays a session through the SDK's exporters (`sdk`) or straight to an OTLP endpoint
// (`http`), as it was captured: replay.mjs <store> <session> <sdk|http> <endpoint>
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { startReplay } from 'otel-tape'

const [store, sessionId, way, targetEndpoint] = process.argv.slice(2)

const url = (signal) => `${targetEndpoint}/v1/${signal}`
const target =
  way === 'http'
    ? { targetEndpoint }
    : {
        exporters: {
          traces: new OTLPTraceExporter({ url: url('traces') }),
          metrics: new OTLPMetricExporter({ url: url('metrics') }),
          logs: new OTLPLogExporter({ url: url('logs') }),
        },
      }

const replay = startReplay({
  store,
  sessionId,
  ...target,
  timestampAdjustment: 'none',
  speedMultiplier: Infinity,
})
console.log(JSON.stringify(await replay.finished))

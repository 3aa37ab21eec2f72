// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// The same app of ECMAScript modules. What it instruments, it imports after its SDK has started.
import * as api from '@opentelemetry/api'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import * as http from '@opentelemetry/instrumentation-http'
import * as sdkLogs from '@opentelemetry/sdk-logs'
import * as sdkMetrics from '@opentelemetry/sdk-metrics'
import * as sdkNode from '@opentelemetry/sdk-node'
import * as otelTape from 'otel-tape'
import { createRequire } from 'node:module'
import { startShopSdk } from './shop-sdk.cjs'

const exporters = { OTLPTraceExporter, OTLPMetricExporter, OTLPLogExporter }
const { stop } = startShopSdk(
  { otelTape, sdkNode, sdkMetrics, sdkLogs, http, exporters },
  process.argv[2],
  process.argv[3],
)

const { runShop } = await import('./shop.cjs')
// Without a loader hook, only what is required can be instrumented.
const { createServer, get } = createRequire(import.meta.url)('node:http')
const logs = api.logs ?? (await import('@opentelemetry/api-logs')).logs

await runShop({ api, logs, createServer, get })
console.log(JSON.stringify(await stop()))

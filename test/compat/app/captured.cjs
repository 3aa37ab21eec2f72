// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An app of CommonJS modules with an SDK of its own, recorded into the store of its first
// parameter, through wrapped exporters or, as its second says, `own` ones.
const { startShopSdk } = require('./shop-sdk.cjs')

const { stop } = startShopSdk(
  {
    otelTape: require('otel-tape'),
    sdkNode: require('@opentelemetry/sdk-node'),
    sdkMetrics: require('@opentelemetry/sdk-metrics'),
    sdkLogs: require('@opentelemetry/sdk-logs'),
    http: require('@opentelemetry/instrumentation-http'),
    exporters: {
      ...require('@opentelemetry/exporter-trace-otlp-proto'),
      ...require('@opentelemetry/exporter-metrics-otlp-proto'),
      ...require('@opentelemetry/exporter-logs-otlp-proto'),
    },
  },
  process.argv[2],
  process.argv[3],
)

const { createServer, get } = require('node:http')
const api = require('@opentelemetry/api')
const { runShop } = require('./shop.cjs')

const logs = api.logs ?? require('@opentelemetry/api-logs').logs

runShop({ api, logs, createServer, get })
  .then(stop)
  .then((metadata) => console.log(JSON.stringify(metadata)))

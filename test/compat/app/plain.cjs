// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An app of CommonJS modules that knows the OpenTelemetry API and no SDK, and ends as its
// first parameter says.
const { createServer, get } = require('node:http')
const api = require('@opentelemetry/api')
const { runShop } = require('./shop.cjs')

const logs = api.logs ?? require('@opentelemetry/api-logs').logs
const ending = process.argv[2]

runShop({ api, logs, createServer, get }).then(() => {
  if (ending === 'exit-code') process.exitCode = 7
  if (ending === 'signal') {
    setInterval(() => {}, 60_000)
    console.log('ready')
  }
})

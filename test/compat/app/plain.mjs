// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// The same app of ECMAScript modules.
import { createServer, get } from 'node:http'
import * as api from '@opentelemetry/api'
import { runShop } from './shop.cjs'

const logs = api.logs ?? (await import('@opentelemetry/api-logs')).logs
const ending = process.argv[2]

await runShop({ api, logs, createServer, get })
if (ending === 'exit-code') process.exitCode = 7
if (ending === 'signal') {
  setInterval(() => {}, 60_000)
  console.log('ready')
}

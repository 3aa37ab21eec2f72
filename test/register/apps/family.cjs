// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An app with a worker thread and a child process, each of which makes a span.
const { fork } = require('node:child_process')
const { Worker } = require('node:worker_threads')
const { trace } = require('@opentelemetry/api')

const [, , role = 'parent'] = process.argv
trace.getTracer('family').startSpan(role).end()
if (role === 'parent') {
  const source = `require('@opentelemetry/api').trace.getTracer('family').startSpan('worker').end()`
  new Worker(source, { eval: true }).on('exit', () => fork(__filename, ['child']))
}

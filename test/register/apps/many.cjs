// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An app that makes a hundred spans and log records, counts them, and goes on.
const { metrics, trace } = require('@opentelemetry/api')
const { logs } = require('@opentelemetry/api-logs')

metrics.getMeter('many').createCounter('made').add(100)
for (let index = 0; index < 100; index++) {
  trace.getTracer('many').startSpan(`number ${index}`).end()
  logs.getLogger('many').emit({ body: `number ${index}` })
}
setInterval(() => {}, 60_000)
console.log('running')

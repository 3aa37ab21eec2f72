// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const { SpanStatusCode, trace } = require('@opentelemetry/api')
const { logs } = require('@opentelemetry/api-logs')

const tracer = trace.getTracer('checkout')
const logger = logs.getLogger('checkout')

/** Answers at once and charges in the background. */
exports.checkout = function checkout(amount) {
  return tracer.startActiveSpan('checkout', { attributes: { amount } }, (span) => {
    setTimeout(() => {
      charge(amount)
      span.end()
    }, 50)
    return 'accepted'
  })
}

function charge(amount) {
  tracer.startActiveSpan('charge', (span) => {
    if (amount > 100) span.setStatus({ code: SpanStatusCode.ERROR, message: 'declined' })
    else logger.emit({ severityText: 'INFO', body: `charged ${amount}` })
    span.end()
  })
}

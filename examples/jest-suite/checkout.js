// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const { SpanStatusCode, trace } = require('@opentelemetry/api')

const tracer = trace.getTracer('checkout')

/** Answers at once and charges in the background. */
exports.checkout = function checkout(amount) {
  return tracer.startActiveSpan('checkout', { attributes: { amount } }, (span) => {
    setTimeout(() => charge(amount, span), 50)
    return 'accepted'
  })
}

function charge(amount, parent) {
  const { context } = require('@opentelemetry/api')
  const span = tracer.startSpan('charge', {}, trace.setSpan(context.active(), parent))
  if (amount > 100) span.setStatus({ code: SpanStatusCode.ERROR, message: 'declined' })
  span.end()
  parent.end()
}

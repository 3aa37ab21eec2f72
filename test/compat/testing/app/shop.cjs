// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

'use strict'

const api = require('@opentelemetry/api')

const { metrics, trace, SpanStatusCode } = api
// SDK 3.x has logs in the API itself.
const { logs } = api.logs ? api : require('@opentelemetry/api-logs')

// Code under test, instrumented with the API alone; its tracer is asked for once.
const tracer = trace.getTracer('shop', '1.0.0')

/** Charges the card and sends the receipt later, without being waited for. */
exports.checkout = async function checkout(card) {
  await tracer.startActiveSpan('checkout', async (span) => {
    metrics.getMeter('shop').createCounter('checkouts').add(1, { card })
    await charge(card).catch((error) => {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
    })
    void sendReceipt()
    span.end()
  })
}

async function charge(card) {
  await tracer.startActiveSpan('charge', { attributes: { card } }, async (span) => {
    await new Promise(setImmediate)
    span.end()
    if (card === 'declined') throw new Error('card declined')
  })
}

async function sendReceipt() {
  await tracer.startActiveSpan('send receipt', async (span) => {
    await new Promise(setImmediate)
    logs.getLogger('shop').emit({ body: 'receipt sent', severityText: 'INFO' })
    span.end()
  })
}

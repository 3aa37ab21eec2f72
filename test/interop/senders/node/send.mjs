// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Sends some of each signal through the SDK and prints, as JSON, what a receiver has to
// have of it. telemetry.mjs beside it is the one of docs/collector.md.
import './telemetry.mjs'
import { context, metrics, trace } from '@opentelemetry/api'
import { SeverityNumber, logs } from '@opentelemetry/api-logs'

const ROUNDS = 250

const tracer = trace.getTracer('sender')
const logger = logs.getLogger('sender')
const orders = metrics.getMeter('sender').createCounter('orders')
const stock = metrics.getMeter('sender').createGauge('stock')
const sent = { spans: [], points: [], logs: [] }

const describe = (span, name) => {
  const { traceId, spanId } = span.spanContext()
  return { traceId, spanId, name }
}

for (let number = 0; number < ROUNDS; number++) {
  const name = `order ${number}`
  const body = `${name} is paid, zażółć 🛒`
  const route = `/order/${number}`
  const parent = tracer.startSpan(name)
  const around = trace.setSpan(context.active(), parent)
  const child = tracer.startSpan('charge', {}, around)
  logger.emit({ body, severityNumber: SeverityNumber.INFO, context: around })
  child.end()
  parent.end()
  orders.add(number + 1, { route })
  stock.record(number + 0.5, { route })
  sent.spans.push(describe(parent, name), describe(child, 'charge'))
  sent.points.push({ name: 'orders', route, value: String(number + 1) })
  sent.points.push({ name: 'stock', route, value: String(number + 0.5) })
  sent.logs.push(body)
}
console.log(JSON.stringify(sent))

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What the apps do: an instrumented shop that serves its own requests and tells of it
// in traces, metrics and logs of every shape. It uses the OpenTelemetry API and `http`
// as the app that calls it has loaded them.

const { once } = require('node:events')

module.exports = { runShop }

const ATTRIBUTES = {
  text: 'Grüße, 世界',
  empty: '',
  whole: 42,
  negative: -7,
  large: Number.MAX_SAFE_INTEGER,
  fraction: 0.5,
  yes: true,
  no: false,
  texts: ['a', 'b'],
  numbers: [1, 2, 3],
  flags: [true, false],
}

async function runShop({ api, logs, createServer, get }) {
  const tracer = api.trace.getTracer('shop', '1.2.3')
  const server = createServer((request, response) => {
    tracer.startActiveSpan('pay', (span) => {
      span.setAttributes({ path: request.url })
      span.end()
      response.end('paid')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  measure(api.metrics.getMeter('shop', '1.2.3'))
  for (let number = 0; number < 5; number++) {
    await tracer.startActiveSpan('order', { attributes: ATTRIBUTES }, async (order) => {
      log(logs.getLogger('shop', '1.2.3'), number)
      await ask(get, `http://127.0.0.1:${port}/orders/${number}`)
      finish(api, tracer, order)
    })
  }
  server.close()
  server.closeAllConnections()
}

async function ask(get, url) {
  const request = get(url)
  const [response] = await once(request, 'response')
  response.resume()
  await once(response, 'end')
}

function finish({ SpanKind, SpanStatusCode }, tracer, order) {
  tracer.startActiveSpan('cancel', { kind: SpanKind.PRODUCER }, (cancel) => {
    const links = [{ context: order.spanContext(), attributes: { why: 'cancelled' } }]
    tracer.startSpan('refund', { kind: SpanKind.CONSUMER, links }).end()
    cancel.recordException(new Error('sold out'))
    cancel.setStatus({ code: SpanStatusCode.ERROR, message: 'sold out' })
    cancel.end()
  })
  order.addEvent('packed', { boxes: 3 })
  order.addEvent('sent')
  order.setStatus({ code: SpanStatusCode.OK })
  order.end()
}

function measure(meter) {
  const counter = meter.createCounter('orders', { unit: '1', description: 'Orders taken' })
  const open = meter.createUpDownCounter('orders.open')
  const duration = meter.createHistogram('order.duration', { unit: 'ms' })
  const price = meter.createGauge('order.price')
  for (const [index, region] of ['eu', 'us', 'eu', 'asia'].entries()) {
    counter.add(index + 1, { region })
    open.add(index % 2 === 0 ? 1 : -1)
    duration.record(2 ** index + 0.25, { region })
    price.record(index / 3, { region })
  }
  meter.createObservableGauge('stock').addCallback((result) => result.observe(17, { shelf: 4 }))
  meter.createObservableCounter('visitors').addCallback((result) => result.observe(1234))
}

function log(logger, number) {
  const bodies = [
    `order ${number}`,
    number,
    number / 4,
    number % 2 === 0,
    ['a list', 1, [true]],
    { order: { number, paid: true }, tags: ['new'] },
    new Uint8Array([0, 1, 255]),
    undefined,
  ]
  for (const [index, body] of bodies.entries()) {
    logger.emit({
      body,
      severityNumber: 1 + index,
      severityText: 'INFO',
      eventName: index === 0 ? 'shop.order' : undefined,
      attributes: { ...ATTRIBUTES, nested: { map: { of: 'values' } } },
    })
  }
}

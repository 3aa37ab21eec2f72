// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Starts and ends `count` spans of ten attributes and one event, about 546 bytes each as OTLP. */
export function makeSpans(tracer, count) {
  for (let index = 0; index < count; index++) {
    const span = tracer.startSpan('GET /api/products/{id}', { kind: 1 })
    span.setAttributes({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': '/api/products/{id}',
      'url.path': `/api/products/${index}`,
      'url.scheme': 'https',
      'server.address': 'shop.example.com',
      'server.port': 443,
      'user_agent.original': 'Mozilla/5.0 (X11; Linux x86_64)',
      'network.protocol.version': '1.1',
      'app.cart.total': index / 7,
    })
    span.addEvent('cache.miss', { 'cache.key': `product-${index}` })
    span.end()
  }
}

export { cpuSeconds, median } from './harness.mjs'

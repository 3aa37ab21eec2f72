// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// encodeSpans beside the SDK's own serializer, on the same 512 spans.
// npm run build && node test/bench/encode.bench.mjs

import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'

const require = createRequire(import.meta.url)
const { values: args } = parseArgs({
  options: {
    dist: { type: 'string', default: '../../dist' },
    rounds: { type: 'string', default: '21' },
    spans: { type: 'string', default: '512' },
  },
})
const { encodeSpans } = require(`${args.dist}/otlp/encode-spans.js`)
const { ProtobufTraceSerializer } = require('@opentelemetry/otlp-transformer')
const { resourceFromAttributes } = require('@opentelemetry/resources')
const {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} = require('@opentelemetry/sdk-trace')

const SPANS_PER_ROUND = 20_000

const spans = finishedSpans(Number(args.spans))
const ours = () => encodeSpans(spans)
const theirs = () => ProtobufTraceSerializer.serializeRequest(spans)

const [a, b] = [ours(), theirs()]
if (Buffer.compare(a, b) !== 0) throw new Error('the two encoders disagree')

const seconds = { ours: [], theirs: [] }
for (let round = -5; round < Number(args.rounds); round++) {
  // Alternating, so that a noisy neighbour slows both.
  const first = round % 2 === 0
  const times = first ? [time(ours), time(theirs)] : [time(theirs), time(ours)].reverse()
  if (round < 0) continue
  seconds.ours.push(times[0])
  seconds.theirs.push(times[1])
}
report()

function time(encode) {
  const calls = Math.ceil(SPANS_PER_ROUND / spans.length)
  const start = process.cpuUsage()
  for (let call = 0; call < calls; call++) encode()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6 / (calls * spans.length)
}

function report() {
  const ratios = seconds.ours.map((own, round) => seconds.theirs[round] / own)
  console.log(
    `${spans.length} spans, ${Math.round(a.length / spans.length)} bytes each, Node ${process.version}`,
  )
  console.table({
    encodeSpans: { 'thousand spans per CPU second': perSecond(seconds.ours) },
    ProtobufTraceSerializer: { 'thousand spans per CPU second': perSecond(seconds.theirs) },
  })
  console.log(`ratio ${median(ratios).toFixed(2)} (target >= 2.5)`)
}

function perSecond(times) {
  return Math.round(1 / median(times) / 1000)
}

function median(numbers) {
  return numbers.toSorted((x, y) => x - y)[numbers.length >> 1]
}

function finishedSpans(count) {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'checkout',
      'service.version': '1.4.2',
      'host.name': 'ip-10-0-12-34.eu-west-1.compute.internal',
      'process.pid': 4711,
    }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('@opentelemetry/instrumentation-http', '0.223.0')
  for (let index = 0; index < count; index++) {
    const span = tracer.startSpan(`GET /api/products/{productId}`, { kind: index % 5 })
    span.setAttributes({
      'http.request.method': 'GET',
      'http.response.status_code': 200 + (index % 5),
      'url.full': `https://shop.example.com/api/products/${index}?currency=EUR`,
      'server.address': 'shop.example.com',
      'server.port': 443,
      'user_agent.original': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0)',
      'app.cart.total': index * 1.25,
      'app.customer.vip': index % 3 === 0,
      'app.items': ['book', 'lamp'],
      'network.protocol.version': '1.1',
    })
    span.addEvent('cache.miss', { 'cache.key': `product-${index}`, 'cache.ttl': 30 })
    span.end()
  }
  return exporter.getFinishedSpans()
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type SpanDraft, analysisOf, spanIdOf, traceBatch, traceIdOf } from './made-session'

async function edgesOf(...roots: SpanDraft[]) {
  const batches = roots.map((root, index) => traceBatch(root, traceIdOf(index)))
  const { graph } = await analysisOf(batches)
  return graph.edges.map(({ from, to, kind, calls, errors, duration }) => ({
    route: `${from} ${kind === 'async' ? '~>' : '->'} ${to}`,
    calls,
    errors,
    p50: duration.p50Millis,
  }))
}

const server = (service: string, at: number, takes: number, more: Partial<SpanDraft> = {}) =>
  ({ service, name: 'serve', kind: 'server', at, takes, ...more }) satisfies SpanDraft

const client = (service: string, at: number, takes: number, more: Partial<SpanDraft> = {}) =>
  ({ service, name: 'call', kind: 'client', at, takes, ...more }) satisfies SpanDraft

test('a server below a client of another service is called by it, as long as the client says', async () => {
  const called = client('web', 1, 8, { children: [server('cart', 3, 4, { failed: true })] })
  const edges = await edgesOf(server('web', 0, 10, { children: [called] }))
  expect(edges).toEqual([{ route: 'service:web -> service:cart', calls: 1, errors: 1, p50: 8 }])
})

test('a caller without a client span of its own is told by the server span', async () => {
  const edges = await edgesOf(server('web', 0, 10, { children: [server('cart', 3, 4)] }))
  expect(edges).toEqual([{ route: 'service:web -> service:cart', calls: 1, errors: 0, p50: 4 }])
})

test('a service that calls itself has an edge to itself', async () => {
  const called = client('web', 1, 8, { children: [server('web', 3, 4)] })
  const edges = await edgesOf(server('web', 0, 10, { children: [called] }))
  expect(edges.map(({ route }) => route)).toEqual(['service:web -> service:web'])
})

test.each([
  [
    'a database',
    { 'db.system.name': 'postgresql', 'db.namespace': 'shop' },
    'database:postgresql shop',
  ],
  [
    'a database as it was named before',
    { 'db.system': 'redis', 'net.peer.name': 'r1' },
    'database:redis r1',
  ],
  [
    'a database of a numbered namespace',
    { 'db.system': 'redis', 'db.namespace': '0' },
    'database:redis',
  ],
  ['a named service', { 'peer.service': 'bank', 'server.address': 'b.example' }, 'service:bank'],
  ['an RPC service', { 'rpc.service': 'Bank', 'server.address': 'b.example' }, 'service:Bank'],
  ['a host', { 'server.address': 'b.example', 'server.port': 443 }, 'host:b.example'],
  [
    'a host with a port',
    { 'server.address': '10.0.0.7', 'server.port': 8080 },
    'host:10.0.0.7:8080',
  ],
])(
  'what nobody in the session answers is called by what it says: %s',
  async (_, attributes, to) => {
    const called = client('web', 1, 8, { attributes, failed: true })
    const edges = await edgesOf(server('web', 0, 10, { children: [called] }))
    expect(edges).toEqual([{ route: `service:web -> ${to}`, calls: 1, errors: 1, p50: 8 }])
  },
)

test('what a client says of its peer gives way to the span that answers it', async () => {
  const attributes = { 'peer.service': 'cart-elsewhere', 'server.address': 'cart.example' }
  const called = client('web', 1, 8, { attributes, children: [server('cart', 3, 4)] })
  const edges = await edgesOf(server('web', 0, 10, { children: [called] }))
  expect(edges.map(({ route }) => route)).toEqual(['service:web -> service:cart'])
})

test('a service of the session that was not connected is no other service', async () => {
  const called = client('web', 1, 8, { attributes: { 'peer.service': 'cart' } })
  const edges = await edgesOf(server('web', 0, 10, { children: [called] }), server('cart', 3, 4))
  expect(edges.map(({ route }) => route)).toEqual(['service:web -> service:cart'])
})

test('a call that an SDK and its HTTP client both tell of is one call', async () => {
  const http = client('web', 2, 6, { attributes: { 'server.address': 'dynamo.example' } })
  const sdk = client('web', 1, 8, { attributes: { 'rpc.service': 'DynamoDB' }, children: [http] })
  expect(await edgesOf(server('web', 0, 10, { children: [sdk] }))).toEqual([
    { route: 'service:web -> service:DynamoDB', calls: 1, errors: 0, p50: 8 },
  ])
  http.children = [server('cart', 3, 4)]
  expect(await edgesOf(server('web', 0, 10, { children: [sdk] }))).toEqual([
    { route: 'service:web -> service:cart', calls: 1, errors: 0, p50: 6 },
  ])
})

const queue = { 'messaging.system': 'kafka', 'messaging.destination.name': 'orders' }

test('a consumer below a producer, or with a link to one, is called without waiting', async () => {
  const produce = { service: 'web', name: 'send', kind: 'producer', attributes: queue } as const
  const consume = { service: 'mail', name: 'receive', kind: 'consumer', attributes: queue } as const
  const batches = [
    traceBatch(
      { ...produce, at: 0, takes: 1, children: [{ ...consume, at: 50, takes: 7 }] },
      traceIdOf(1),
    ),
    traceBatch({ ...produce, at: 0, takes: 1, spanId: spanIdOf(77) }, traceIdOf(2)),
    traceBatch(
      { ...consume, at: 90, takes: 7, links: [[traceIdOf(2), spanIdOf(77)]] },
      traceIdOf(3),
    ),
  ]
  const { graph } = await analysisOf(batches)
  expect(graph.edges).toHaveLength(1)
  expect(graph.edges[0]).toMatchObject({
    from: 'service:web',
    to: 'service:mail',
    kind: 'async',
    calls: 2,
    duration: { p50Millis: 7 },
    lag: { p50Millis: 50, maxMillis: 90 },
  })
})

test('a queue with one end in the session is a node of its own', async () => {
  const edges = await edgesOf(
    { service: 'web', name: 'send', kind: 'producer', attributes: queue, at: 0, takes: 1 },
    { service: 'mail', name: 'receive', kind: 'consumer', attributes: queue, at: 50, takes: 7 },
  )
  expect(edges.map(({ route }) => route)).toEqual([
    'service:web ~> messaging:kafka orders',
    'messaging:kafka orders ~> service:mail',
  ])
})

test('the traces that are named show what the edge says', async () => {
  const calls = Array.from({ length: 40 }, (_, index) =>
    traceBatch(
      client('web', index * 100, index === 17 ? 90 : 5, {
        attributes: { 'peer.service': 'bank' },
        failed: index === 23,
      }),
      traceIdOf(index),
    ),
  )
  const { graph } = await analysisOf(calls)
  expect(graph.edges[0].slowestTraceIds[0]).toBe(traceIdOf(17))
  expect(graph.edges[0].failedTraceIds).toEqual([traceIdOf(23)])
  expect(graph.edges[0].callsPerSecond).toBeCloseTo(40 / 3.905, 6)
})

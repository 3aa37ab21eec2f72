// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { PerformancePattern } from '../../../src/query/analysis/patterns/performance-pattern'
import { seededRandom } from '../../support/arbitrary-otlp'
import { type SpanDraft, analysisOf, traceBatch, traceIdOf } from './made-session'

const DATABASE = { 'db.system.name': 'postgresql', 'db.namespace': 'shop' }

function query(at: number, takes: number, text: string, more: Partial<SpanDraft> = {}): SpanDraft {
  const attributes = { ...DATABASE, 'db.query.text': text }
  return { service: 'cart', name: 'SELECT', kind: 'client', at, takes, attributes, ...more }
}

function call(to: string, at: number, takes: number, more: Partial<SpanDraft> = {}): SpanDraft {
  const attributes = { 'peer.service': to }
  return { service: 'cart', name: `call ${to}`, kind: 'client', at, takes, attributes, ...more }
}

function request(at: number, takes: number, children: SpanDraft[]): SpanDraft {
  return { service: 'cart', name: 'GET /cart', kind: 'server', at, takes, children }
}

/** As many requests as one after another, each a trace. */
async function patternsOf(requests: number, make: (at: number, index: number) => SpanDraft) {
  const batches = Array.from({ length: requests }, (_, index) =>
    traceBatch(make(index * 1_000, index), traceIdOf(index)),
  )
  return (await analysisOf(batches)).patterns
}

function kindsOf(patterns: readonly PerformancePattern[]): string[] {
  return patterns.map(({ kind }) => kind)
}

const range = (length: number): number[] => Array.from({ length }, (_, index) => index)

describe('N+1', () => {
  const each = (at: number) =>
    request(at, 100, [
      query(at + 1, 4, 'SELECT * FROM cart WHERE id = 7'),
      ...range(12).map((item) =>
        query(at + 6 + item * 5, 5, `SELECT * FROM item WHERE id = ${item} AND name = 'x${item}'`),
      ),
    ])

  test('is found, with the statement that is repeated and the operation that does so', async () => {
    const [found, ...others] = await patternsOf(4, each)
    expect(others).toEqual([])
    expect(found).toMatchObject({
      kind: 'n-plus-one',
      service: 'cart',
      operation: 'GET /cart',
      call: {
        statement: 'SELECT * FROM item WHERE id = ? AND name = ?',
        peer: 'database postgresql shop',
      },
      medianCalls: 12,
      maxCalls: 12,
      occurrences: 4,
      traces: 4,
      lostMillis: 4 * 55,
    })
    expect(found.traceIds.toSorted()).toEqual(range(4).map(traceIdOf))
  })

  test('is found through the spans that an ORM wraps around each query', async () => {
    const found = await patternsOf(2, (at) =>
      request(
        at,
        100,
        range(12).map((item) => ({
          service: 'cart',
          name: 'Item.find',
          at: at + item * 6,
          takes: 6,
          children: [query(at + item * 6 + 1, 4, `SELECT * FROM item WHERE id = ${item}`)],
        })),
      ),
    )
    expect(kindsOf(found)).toEqual(['n-plus-one'])
    expect(found[0]).toMatchObject({ operation: 'GET /cart', medianCalls: 12 })
  })

  test.each([
    [
      'asked with one query',
      (at: number) =>
        request(at, 100, [
          query(at + 1, 4, 'SELECT * FROM cart WHERE id = 7'),
          query(at + 6, 9, 'SELECT * FROM item WHERE id IN (1, 2, 3)'),
        ]),
    ],
    [
      'asked side by side',
      (at: number) =>
        request(
          at,
          100,
          range(12).map((item) => query(at + 1, 5, `SELECT ${item}`)),
        ),
    ],
    [
      'of four items',
      (at: number) =>
        request(
          at,
          100,
          range(4).map((item) => query(at + item * 20, 9, `SELECT ${item}`)),
        ),
    ],
    [
      'of no weight',
      (at: number) =>
        request(
          at,
          900,
          range(12).map((item) => query(at + item, 0.1, `SELECT ${item}`)),
        ),
    ],
  ])('is not found %s', async (_, make) => {
    expect(kindsOf(await patternsOf(4, make))).not.toContain('n-plus-one')
  })
})

describe('retries', () => {
  const attempts = (at: number, failures: number, lastFails = false) =>
    range(failures + 1).map((attempt) =>
      call('bank', at + 1 + attempt * 30, 20, { failed: attempt < failures || lastFails }),
    )

  test('are found, with how often they help', async () => {
    const found = await patternsOf(6, (at, index) =>
      request(at, 200, attempts(at, index < 3 ? 0 : 2, index === 5)),
    )
    expect(kindsOf(found)).toEqual(['retries'])
    expect(found[0]).toMatchObject({
      operation: 'GET /cart',
      call: { operation: 'call bank', peer: 'service bank' },
      occurrences: 3,
      retries: 6,
      maxAttempts: 3,
      succeeded: 2,
      lostMillis: 60 + 60 + 80,
    })
    expect(found[0].traceIds).toEqual([5, 3, 4].map(traceIdOf))
  })

  test('are found where spans say so, whatever else they are', async () => {
    const found = await patternsOf(2, (at) =>
      request(at, 200, [
        call('bank', at, 20),
        call('bank', at + 30, 20, {
          attributes: { 'peer.service': 'bank', 'http.request.resend_count': 1 },
        }),
      ]),
    )
    expect(kindsOf(found)).toContain('retries')
  })

  test.each([
    [
      'calls that succeed',
      (at: number) => request(at, 200, [call('bank', at, 20), call('bank', at + 30, 20)]),
    ],
    ['one that fails and is left at that', (at: number) => request(at, 200, attempts(at, 0, true))],
    [
      'hedged calls, side by side',
      (at: number) =>
        request(at, 200, [call('bank', at, 20, { failed: true }), call('bank', at + 10, 20)]),
    ],
    [
      'a loop of which some fail',
      (at: number) =>
        request(
          at,
          400,
          range(8).map((item) => call('bank', at + item * 30, 20, { failed: item % 3 === 0 })),
        ),
    ],
  ])('are not found in %s', async (_, make) => {
    expect(kindsOf(await patternsOf(4, make))).not.toContain('retries')
  })
})

describe('sequential calls', () => {
  const oneByOne = (order: string[]) => (at: number) =>
    request(
      at,
      70,
      order.map((to, index) => call(to, at + 1 + index * 20, 19.5)),
    )

  test('are found, with what they would save', async () => {
    const found = await patternsOf(3, oneByOne(['ads', 'prices', 'stock']))
    expect(kindsOf(found)).toEqual(['sequential-calls'])
    expect(found[0]).toMatchObject({
      operation: 'GET /cart',
      calls: [{ operation: 'call ads' }, { operation: 'call prices' }, { operation: 'call stock' }],
      confidence: 'possible',
      occurrences: 3,
      lostMillis: 3 * 39,
    })
  })

  test('are likely to be independent if their order varies', async () => {
    const [found] = await patternsOf(4, (at, index) =>
      oneByOne(index % 2 === 0 ? ['ads', 'prices'] : ['prices', 'ads'])(at),
    )
    expect(found).toMatchObject({ kind: 'sequential-calls', confidence: 'likely', occurrences: 4 })
  })

  test('are one finding of the operation that makes them, whichever of them it makes', async () => {
    const found = await patternsOf(6, (at, index) =>
      oneByOne(['ads', 'prices', 'stock'].slice(0, index % 2 === 0 ? 3 : 2))(at),
    )
    expect(found).toEqual([
      expect.objectContaining({
        occurrences: 6,
        confidence: 'possible',
        lostMillis: 3 * 39 + 3 * 19.5,
      }),
    ])
    expect(found[0]).toMatchObject({ calls: [{}, {}, { operation: 'call stock' }] })
  })

  test('are not found where they come about now and then', async () => {
    const found = await patternsOf(30, (at, index) =>
      index === 7
        ? oneByOne(['ads', 'prices'])(at)
        : request(at, 70, [call('ads', at, 20), call('prices', at + 1, 20)]),
    )
    expect(kindsOf(found)).not.toContain('sequential-calls')
  })

  test.each([
    [
      'side by side',
      (at: number) => request(at, 70, [call('ads', at, 20), call('prices', at + 1, 20)]),
    ],
    [
      'with work between them',
      (at: number) => request(at, 90, [call('ads', at, 20), call('prices', at + 45, 20)]),
    ],
    [
      'to one database, as those of a transaction',
      (at: number) =>
        request(at, 90, [
          query(at, 20, 'SELECT 1'),
          query(at + 20, 20, 'INSERT x', { name: 'INSERT' }),
        ]),
    ],
    [
      'that hardly take any time',
      (at: number) => request(at, 900, [call('ads', at, 20), call('prices', at + 20, 20)]),
    ],
  ])('are not found %s', async (_, make) => {
    expect(kindsOf(await patternsOf(3, make))).not.toContain('sequential-calls')
  })
})

describe('chatty calls', () => {
  /** Several operations call a service, none of them often. */
  const steps = (at: number, calls: number): SpanDraft =>
    request(
      at,
      900,
      range(calls).map((index) => ({
        service: 'cart',
        name: `step ${index}`,
        at: at + index * 10,
        takes: 9,
        children: [call('prices', at + index * 10 + 1, 3), call('prices', at + index * 10 + 5, 3)],
      })),
    )

  test('are found between two services, whichever operation makes them', async () => {
    const found = (await patternsOf(3, (at) => steps(at, 15))).filter(
      ({ kind }) => kind === 'chatty-calls',
    )
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({
      service: 'cart',
      from: 'service:cart',
      to: 'service:prices',
      medianCalls: 30,
      occurrences: 3,
      lostMillis: 3 * 29 * 3,
    })
  })

  test('are not found in as many traces of few calls each', async () => {
    expect(kindsOf(await patternsOf(30, (at) => steps(at, 5)))).not.toContain('chatty-calls')
  })
})

describe('slow first calls', () => {
  test('are not found by chance, in many operations with long tails', async () => {
    // Of 60 operations, a few begin with the slowest of their calls.
    const random = seededRandom(7)
    const batches = range(60).flatMap((operation) =>
      range(30).map((at) => {
        const takes = Math.exp(2 + 1.2 * normal(random))
        const name = `operation ${operation}`
        return traceBatch(
          { service: 'cart', name, at: at * 1_000, takes },
          traceIdOf(operation * 100 + at),
        )
      }),
    )
    expect((await analysisOf(batches)).patterns).toEqual([])
  })

  const warmAfter = (slow: number) => (at: number, index: number) =>
    request(at, (index < slow ? 200 : 5) + (index % 5), [call('bank', at, 2)])

  test('are found where the time is spent', async () => {
    const found = await patternsOf(60, warmAfter(2))
    expect(kindsOf(found)).toEqual(['slow-first-calls'])
    expect(found[0]).toMatchObject({
      service: 'cart',
      operation: 'GET /cart',
      operationKind: 'server',
      occurrences: 2,
      instances: 1,
      laterMillis: 5,
    })
    expect(found[0].traceIds.toSorted()).toEqual([traceIdOf(0), traceIdOf(1)])
  })

  test('are told of each process', async () => {
    const found = await patternsOf(100, (at, index) => ({
      ...warmAfter(2)(at, index >> 1),
      resource: { 'service.instance.id': `pod-${index % 2}` },
    }))
    expect(found).toEqual([expect.objectContaining({ kind: 'slow-first-calls', instances: 2 })])
  })

  test.each([
    ['a process that is always the same', 60, warmAfter(0)],
    ['a process that stays slow for long', 60, warmAfter(20)],
    [
      'durations that are as long now and then',
      200,
      (at: number, index: number) => request(at, index % 12 === 0 ? 200 : 5, []),
    ],
    ['a few calls', 12, warmAfter(1)],
  ])('are not found in %s', async (_, requests, make) => {
    expect(kindsOf(await patternsOf(requests, make))).not.toContain('slow-first-calls')
  })
})

test('what costs the most time comes first', async () => {
  const found = await patternsOf(3, (at) =>
    request(at, 500, [
      ...range(20).map((item) => query(at + item * 10, 9, `SELECT ${item}`)),
      call('bank', at + 300, 10, { failed: true }),
      call('bank', at + 320, 10),
    ]),
  )
  expect(kindsOf(found)).toEqual(['n-plus-one', 'retries'])
  const lost = found.map(({ lostMillis }) => lostMillis)
  expect(lost).toEqual(lost.toSorted((a, b) => b - a))
})

/** By Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

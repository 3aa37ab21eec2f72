// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { TraceMatch } from '../../../src/query/search/search-result'
import type { SpanInput } from '../../../src/query/search/trace-input'
import { START, failed, idsOf, makeTrace, openIndex } from './made-traces'

/** What a query means, and a failure that says it in other words. */
const MEANT: [query: string, concept: string, span: Partial<SpanInput>][] = [
  ['requests hang', 'timeout', failed('AxiosError', 'timeout of 5000ms exceeded')],
  ['ran out of connections', 'pool_exhausted', failed('Error', 'no free connection in pool')],
  ['lock contention', 'deadlock', failed('PSQLException', 'deadlock detected')],
  [
    'database down',
    'database_error',
    { status: 'error', attributes: { 'db.system.name': 'mysql' } },
  ],
  ['cache outage', 'cache_error', { status: 'error', attributes: { 'db.system': 'redis' } }],
  ['cold cache', 'cache_miss', { attributes: { 'app.cache.hit': false } }],
  ['hostname lookup', 'dns', failed('Error', 'getaddrinfo ENOTFOUND partner')],
  ['ssl problem', 'tls', failed('Error', 'certificate has expired')],
  ['cannot log in', 'auth', { attributes: { 'http.response.status_code': 401 } }],
  ['too many calls', 'rate_limited', { attributes: { 'http.status_code': 429 } }],
  ['memory leak', 'out_of_memory', failed('OutOfMemoryError', 'Java heap space')],
  ['no room left', 'disk_full', failed('Error', 'ENOSPC: no space left on device')],
  ['card rejected', 'payment_declined', failed('CardError', 'do_not_honor')],
  ['flaky', 'retry', { attributes: { 'http.request.resend_count': 2 } }],
  ['bad input', 'validation', { attributes: { 'rpc.grpc.status_code': 3 } }],
  ['falling behind', 'backlog', failed('Error', 'consumer lag of 9000 messages')],
  ['outage', 'unavailable', { attributes: { 'rpc.grpc.status_code': 14 } }],
]

describe('a search', () => {
  test.each(MEANT)("for '%s' finds #%s, and says by what", async (query, concept, span) => {
    await using index = await openIndex()
    await index.ingestBatch([
      makeTrace('healthy', { attributes: { 'http.response.status_code': 200 } }),
      makeTrace('meant', { name: 'job', ...span }),
      makeTrace('other', failed('Error', 'the moon is full')),
    ])
    const [best] = await index.searchTraces(query)
    expect(best.traceId).toBe('meant')
    expect(best.matches).toContainEqual(expect.objectContaining({ kind: 'concept', concept }))
    for (const match of best.matches as (TraceMatch & { because?: string })[]) {
      if (match.kind === 'concept') expect(match.because).not.toBe('')
    }
  })

  test('tells the field, the text and the spelling of a word', async () => {
    await using index = await openIndex()
    await index.ingestTrace(
      makeTrace('t', { name: 'GET /inventory', attributes: { 'app.kind': 'perishable' } }),
    )
    const [{ matches }] = await index.searchTraces('inventry perishable')
    expect(matches).toContainEqual(
      expect.objectContaining({
        kind: 'word',
        words: 'inventry',
        takenFor: 'inventory',
        field: 'name',
      }),
    )
    expect(matches).toContainEqual(
      expect.objectContaining({ words: 'perishable', field: 'attribute', key: 'app.kind' }),
    )
    const shares = matches.map((match) => ('share' in match ? match.share : 0))
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1)
    expect(shares).toEqual(shares.toSorted((a, b) => b - a))
  })

  test('finds the slow beside what is usual, not beside a fixed limit', async () => {
    await using index = await openIndex()
    const timed = (id: string, name: string, millis: number) =>
      makeTrace(id, {
        name,
        startTimeUnixNano: START,
        endTimeUnixNano: START + BigInt(millis * 1e6),
      })
    await index.ingestBatch([
      ...Array.from({ length: 40 }, (_, at) => timed(`batch ${at}`, 'nightly batch', 60_000 + at)),
      ...Array.from({ length: 40 }, (_, at) => timed(`quick ${at}`, 'GET /price', 10 + (at % 3))),
      timed('waited', 'GET /price', 400),
    ])
    const results = await index.searchTraces('slow')
    expect(idsOf(results)).toEqual(['waited'])
    const [match] = results[0].matches
    expect(match).toMatchObject({ kind: 'concept', concept: 'slow' })
    expect(match).toHaveProperty(
      'because',
      expect.stringMatching(/GET \/price took 400 ms, usually 1\d/),
    )
  })

  test('gives what a result is documented to have', async () => {
    await using index = await openIndex()
    await index.ingestTrace(
      makeTrace(
        't',
        { name: 'POST /pay', serviceName: 'payment' },
        failed('Error', 'no', { serviceName: 'bank' }),
      ),
    )
    const [result] = await index.searchTraces('payment')
    expect(result).toMatchObject({
      traceId: 't',
      content: 'payment: POST /pay | failed: Error: no (bank: GET /) | calls bank: GET /',
      serviceName: 'payment',
      serviceNames: ['payment', 'bank'],
      startTimeUnixNano: START,
      timestamp: '2026-01-02T03:04:05.000Z',
      durationNanos: 6_000_000n,
      durationMillis: 6,
      spanCount: 2,
      isError: true,
      sameContentCount: 1,
    })
    expect(result.similarity).toBeGreaterThan(0)
    expect(result.similarity).toBeLessThanOrEqual(1)
  })

  test("finds a trace by its id, whatever the id's case, and whatever else is like it", async () => {
    await using index = await openIndex()
    const id = '4bf92f3577b34da6a3ce929d0e0e4736'
    await index.ingestBatch([makeTrace(id, {}), makeTrace('other', {})])
    for (const query of [id, ` ${id.toUpperCase()} `]) {
      const [result, ...others] = await index.searchTraces(query)
      expect(result).toMatchObject({ traceId: id, similarity: 1, matches: [{ kind: 'id' }] })
      expect(others).toEqual([])
    }
    expect(await index.searchTraces(id, { systemId: 'nobody' })).toEqual([])
  })

  test('finds nothing by words that mean nothing', async () => {
    await using index = await openIndex()
    await index.ingestTrace(makeTrace('t', {}))
    for (const query of ['xyzzy plugh', 'the of and', '???', '日本語']) {
      expect(await index.searchTraces(query)).toEqual([])
    }
  })

  test('that says that nothing failed finds no failures first', async () => {
    await using index = await openIndex()
    await index.ingestBatch([
      makeTrace('failed', { name: 'import', ...failed('Error', 'broken') }),
      makeTrace('fine', { name: 'import' }),
    ])
    expect(idsOf(await index.searchTraces('import failed'))[0]).toBe('failed')
    const [{ matches }] = await index.searchTraces('import but nothing failed')
    expect(matches.filter(({ kind }) => kind === 'concept')).toEqual([])
  })
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { QueryError } from '../../../src/query/query-error'
import { type Query, openQuery } from '../../../src/query/sql/open-query'
import { MemoryStore } from '../../../src/storage/memory-store'
import { makeBatch, recordSession } from '../../support/recording'
import { runSourcesInWorkers } from '../../support/sources-in-workers'

const store = new MemoryStore()
let query: Query

beforeAll(async () => {
  runSourcesInWorkers()
  const at = Date.UTC(2026, 0, 2, 3, 4, 5, 6)
  await recordSession(store, 'before', [makeBatch('traces', { names: ['a', 'b'], atMillis: at })])
  await recordSession(store, 'after', [makeBatch('traces', { names: ['a'], service: "o'clock" })])
  query = await openQuery({ sessions: ['before', 'after', 'before'], store })
})
afterAll(() => query.close())

describe('an answer', () => {
  it('has the sessions side by side', async () => {
    const { rows } = await query.run(
      'SELECT session_id, service_name, count(*) AS spans FROM spans GROUP BY ALL ORDER BY 1 DESC',
    )
    expect(query.sessionIds).toEqual(['before', 'after'])
    expect(rows).toEqual([
      { session_id: 'before', service_name: 'checkout', spans: 2n },
      { session_id: 'after', service_name: "o'clock", spans: 1n },
    ])
    const { rows: sessions } = await query.run(
      'SELECT session_id, status, span_count FROM sessions ORDER BY 1',
    )
    expect(sessions).toEqual([
      { session_id: 'after', status: 'completed', span_count: 1n },
      { session_id: 'before', status: 'completed', span_count: 2n },
    ])
  })

  it.each<[string, unknown, string]>([
    ["'text'", 'text', 'VARCHAR'],
    ['NULL::VARCHAR', null, 'VARCHAR'],
    ['1::INTEGER', 1, 'INTEGER'],
    ['9223372036854775807', 9223372036854775807n, 'BIGINT'],
    ['18446744073709551615::UBIGINT', 18446744073709551615n, 'UBIGINT'],
    ['170141183460469231731687303715884105727::HUGEINT', 2n ** 127n - 1n, 'HUGEINT'],
    ['1.25::DECIMAL(9, 2)', 1.25, 'DECIMAL(9,2)'],
    ['0.1::DOUBLE', 0.1, 'DOUBLE'],
    ["'NaN'::DOUBLE", NaN, 'DOUBLE'],
    ['true', true, 'BOOLEAN'],
    ['[1, 2]', [1, 2], 'INTEGER[]'],
    ["{'a': [1::BIGINT]}", { a: [1n] }, 'STRUCT("a" BIGINT[])'],
    ["MAP {'k': 1}", new Map([['k', 1]]), 'MAP(VARCHAR, INTEGER)'],
    ["'\\x01\\x02'::BLOB", new Uint8Array([1, 2]), 'BLOB'],
    ["DATE '2026-01-02'", '2026-01-02', 'DATE'],
    ['make_timestamp_ns(1767323045006000007)', '2026-01-02T03:04:05.006000007Z', 'TIMESTAMP_NS'],
    ["TIMESTAMP '2026-01-02 03:04:05'", '2026-01-02T03:04:05Z', 'TIMESTAMP'],
    ['INTERVAL 90 MINUTES', '01:30:00', 'INTERVAL'],
  ])('gives %s as what JavaScript has', async (sql, value, type) => {
    const { rows, columns } = await query.run(`SELECT ${sql} AS v`)
    expect(columns).toEqual([{ name: 'v', type }])
    const [{ v }] = rows
    expect(v).toEqual(value)
  })

  it('names columns apart that SQL calls the same', async () => {
    const { rows } = await query.run('SELECT 1 AS a, 2 AS a')
    expect(Object.values(rows[0])).toEqual([1, 2])
  })

  it('is cut at its limit, and says so', async () => {
    const { rows, isCut } = await query.run('FROM range(5000)', { limit: 4000 })
    expect({ length: rows.length, isCut }).toEqual({ length: 4000, isCut: true })
    expect(await query.run('FROM range(3)', { limit: 3 })).toMatchObject({ isCut: false })
  })

  it('comes row by row, and is left without reading on', async () => {
    const stream = await query.stream('SELECT range AS n FROM range(1000000000000)')
    const seen: unknown[] = []
    for await (const { n } of stream) {
      seen.push(n)
      if (seen.length === 3000) break
    }
    expect(seen.at(-1)).toBe(2999n)
  })
})

describe('a wrong statement', () => {
  it.each([
    ['a mistyped word', 'SELEC 1', /syntax error at or near "SELEC"[^]*LINE 1: SELEC 1\n +\^/],
    ['a wrong column', 'SELECT\n  nme\nFROM spans', /"nme" not found[^]*LINE 2: {3}nme\n +\^/],
    ['a wrong table', 'FROM span', /Table with name span does not exist[^]*spans/],
    ['a wrong function', 'SELECT p99(duration_nanos) FROM spans', /function with name p99/i],
    ['a wrong value', "SELECT 'x'::INTEGER", /Could not convert string 'x' to INT32/],
    ['a parameter', 'SELECT ?', /parameter/],
    ['nothing', '  -- only this\n', /there is no SQL/],
  ])('shows its place: %s', async (_what, sql, message) => {
    await expect(query.run(sql)).rejects.toMatchObject({
      name: 'QueryError',
      reason: 'InvalidQuery',
      message: expect.stringMatching(message) as string,
    })
  })

  it('is a wrong limit too', async () => {
    await expect(query.run('SELECT 1', { limit: -1 })).rejects.toMatchObject({
      reason: 'InvalidConfig',
    })
  })
})

it('a statement ends when its signal fires', async () => {
  const stop = new AbortController()
  const running = query.run('SELECT count(*) FROM range(100000000000) a WHERE hash(a) = 1', {
    signal: stop.signal,
  })
  setImmediate(() => stop.abort(new Error('enough')))
  await expect(running).rejects.toThrow('enough')
  await expect(query.run('SELECT 1', { signal: stop.signal })).rejects.toThrow('enough')
})

it('after close() nothing is answered, and what was running has ended', async () => {
  const closing = await openQuery({ sessions: 'before', store })
  const running = closing.run('SELECT count(*) FROM range(100000000000) a WHERE hash(a) = 1')
  const ended = expect(running).rejects.toMatchObject({ reason: 'Closed' })
  await new Promise((resolve) => setImmediate(resolve))
  await closing.close()
  await closing.close()
  await ended
  await expect(closing.run('SELECT 1')).rejects.toMatchObject({ reason: 'Closed' })
})

it.each<[string, object, string, RegExp]>([
  ['no sessions', { sessions: [] }, 'InvalidConfig', /'sessions'/],
  ['an unknown option', { sessions: 'a', cached: true }, 'InvalidConfig', /'cached'/],
  ['a wrong cache', { sessions: 'a', cache: 1 }, 'InvalidConfig', /'cache'.*got 1/],
  ['a wrong limit', { sessions: 'a', memoryLimitMB: 0 }, 'InvalidConfig', /'memoryLimitMB'/],
  ['a session that is not there', { sessions: ['before', 'nope'] }, 'SessionNotFound', /'nope'/],
  ['no session id', { sessions: '../x' }, 'InvalidConfig', /'..\/x'/],
])('opening says what is wrong: %s', async (_what, options, reason, message) => {
  const failure = await openQuery({ sessions: 'a', store, ...options }).catch(
    (error: unknown) => error,
  )
  expect(failure).toBeInstanceOf(QueryError)
  expect(failure).toMatchObject({ reason, message: expect.stringMatching(message) as string })
})

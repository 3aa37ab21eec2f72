// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import type { SearchOptions } from '../../../src/query/search/trace-index'
import { START, idsOf, makeTrace, openIndex } from './made-traces'

const SERVICES = ['cart', 'payment', 'Payment', 'pay']

const trace = fc.record({
  services: fc.uniqueArray(fc.constantFrom(...SERVICES), { minLength: 1 }),
  offset: fc.bigInt({ min: 0n, max: 20n }),
  word: fc.constantFrom('a thing', 'other thing'),
})
const filter = fc.record({
  systemId: fc.option(fc.constantFrom(...SERVICES), { nil: undefined }),
  from: fc.option(fc.bigInt({ min: 0n, max: 20n }), { nil: undefined }),
  span: fc.bigInt({ min: 1n, max: 20n }),
  hasEnd: fc.boolean(),
  limit: fc.integer({ min: 1, max: 30 }),
})

test('service, from and to let through what they say, to the nanosecond', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(trace, { maxLength: 25 }), filter, async (traces, chosen) => {
      await using index = await openIndex()
      const starts = traces.map(({ offset }) => START + offset)
      await index.ingestBatch(
        traces.map(({ services, word }, at) =>
          makeTrace(
            `t${at}`,
            ...services.map((serviceName) => ({
              name: word,
              serviceName,
              startTimeUnixNano: starts[at],
            })),
          ),
        ),
      )
      const { systemId, from, span, hasEnd, limit } = chosen
      const options: SearchOptions = {
        systemId,
        limit,
        threshold: 0,
        from: from === undefined ? undefined : START + from,
        to: hasEnd ? START + (from ?? 0n) + span : undefined,
      }
      const wanted = traces.flatMap(({ services }, at) => {
        const isOfService = systemId === undefined || services.includes(systemId)
        const isLate = from === undefined || starts[at] >= START + from
        const isEarly = !hasEnd || starts[at] < START + (from ?? 0n) + span
        return isOfService && isLate && isEarly ? [`t${at}`] : []
      })
      const found = await index.searchTraces('thing', options)
      // Each once, none that is not wanted, and as many as there are.
      expect(new Set(idsOf(found)).size).toBe(found.length)
      expect(idsOf(found).filter((id) => !wanted.includes(id))).toEqual([])
      expect(found).toHaveLength(Math.min(limit, wanted.length))
      const similarities = found.map(({ similarity }) => similarity)
      expect(similarities).toEqual(similarities.toSorted((a, b) => b - a))
    }),
    { numRuns: 30 },
  )
})

test('times are taken in each of their forms', async () => {
  await using index = await openIndex()
  await index.ingestBatch([
    makeTrace('a', {}),
    makeTrace('b', { startTimeUnixNano: START + 1_000_000_000n }),
  ])
  const later = Number(START / 1_000_000n) + 1_000
  for (const from of [START + 1_000_000_000n, new Date(later), new Date(later).toISOString()]) {
    expect(idsOf(await index.searchTraces('shop', { from }))).toEqual(['b'])
    expect(idsOf(await index.searchTraces('shop', { to: from }))).toEqual(['a'])
  }
})

test('a threshold leaves out what is less like, and nothing else', async () => {
  await using index = await openIndex()
  await index.ingestBatch([
    makeTrace('both', { name: 'refund voucher' }),
    makeTrace('one', { name: 'refund invoice' }),
    makeTrace('none', { name: 'login' }),
  ])
  const all = await index.searchTraces('refund voucher', { threshold: 0 })
  expect(idsOf(all)).toEqual(['both', 'one'])
  const between = (all[0].similarity + all[1].similarity) / 2
  expect(idsOf(await index.searchTraces('refund voucher', { threshold: between }))).toEqual([
    'both',
  ])
  expect(await index.searchTraces('refund voucher', { threshold: 1 })).toEqual([])
})

describe('traces of one content', () => {
  const alike = Array.from({ length: 8 }, (_, at) =>
    makeTrace(`alike ${at}`, { name: 'refund', startTimeUnixNano: START + BigInt(at) }),
  )
  const other = makeTrace('other', { name: 'refund of a voucher' })

  test('stand for one another, as long as there are others', async () => {
    await using index = await openIndex()
    await index.ingestBatch([...alike, other])
    const found = await index.searchTraces('refund', { limit: 2 })
    // Of the alike, the latest.
    expect(idsOf(found).sort()).toEqual(['alike 7', 'other'])
    expect(found.map(({ sameContentCount }) => sameContentCount).sort()).toEqual([1, 8])
  })

  test('follow when there are no others, and are counted by the filters', async () => {
    await using index = await openIndex()
    await index.ingestBatch([...alike, other])
    expect(await index.searchTraces('refund', { limit: 6 })).toHaveLength(6)
    const [latest] = await index.searchTraces('refund', { limit: 1, from: START + 5n })
    expect(latest).toMatchObject({ sameContentCount: 3 })
  })
})

describe('a search that can not be meant', () => {
  test.each<[string, unknown, object]>([
    ['an empty query', ' ', {}],
    ['no text', 5, {}],
    ['no limit', 'a', { limit: 0 }],
    ['a huge limit', 'a', { limit: 1e9 }],
    ['a threshold beyond 1', 'a', { threshold: 1.5 }],
    ['a bad time', 'a', { from: 'soon' }],
    ['an end before its beginning', 'a', { from: START, to: START }],
    ['an unknown option', 'a', { system: 'x' }],
  ])('is named: %s', async (_what, query, options) => {
    await using index = await openIndex()
    await expect(index.searchTraces(query as string, options)).rejects.toMatchObject({
      reason: 'InvalidConfig',
    })
  })
})

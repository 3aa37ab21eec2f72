// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { createNearestWords, editDistance } from '../../../src/query/search/nearest-words'
import { splitWords, stemOf } from '../../../src/query/search/split-words'
import { failed, idsOf, makeTrace, openIndex } from './made-traces'

const WORDS = ['deadlock', 'payment', 'checkout', 'inventory', 'certificate', 'recommendation']

/** One edit as people make them. */
const misspelled = fc
  .record({
    word: fc.constantFrom(...WORDS),
    at: fc.nat(),
    edit: fc.constantFrom('swap', 'leave out', 'double'),
  })
  .map(({ word, at, edit }) => {
    const index = at % (word.length - 1)
    const [head, tail] = [word.slice(0, index), word.slice(index)]
    const wrong =
      edit === 'swap'
        ? head + tail[1] + tail[0] + tail.slice(2)
        : edit === 'leave out'
          ? head + tail.slice(1)
          : head + tail[0] + tail
    return { word, wrong }
  })

describe('a word that is misspelled', () => {
  test('is one edit away, and found by it', () => {
    const near = createNearestWords()
    for (const word of WORDS) near.add(word)
    fc.assert(
      fc.property(misspelled, ({ word, wrong }) => {
        if (wrong === word) return
        expect(editDistance(word, wrong, 3)).toBe(1)
        expect(near.find(wrong)[0]?.word).toBe(word)
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['kitten', 'sitting', 3],
    ['timeout', 'tmieout', 1],
    ['', 'abc', 3],
    ['same', 'same', 0],
  ])('%s and %s are %d apart', (a, b, distance) => {
    expect(editDistance(a, b, 5)).toBe(distance)
  })

  test('is no other short word', () => {
    const near = createNearestWords()
    near.add('cart')
    near.add('post')
    expect(near.find('cat').map(({ word }) => word)).toEqual([])
    expect(near.find('past')).toEqual([expect.objectContaining({ word: 'post', distance: 1 })])
  })

  test.each([
    ['a name', 'recomendation', 'b'],
    ["an error's message", 'warehouze', 'a'],
    ['a concept', 'tiemout', 'c'],
    ['a beginning', 'recomm', 'b'],
  ])('finds a trace by %s', async (_what, query, expected) => {
    await using index = await openIndex()
    await index.ingestBatch([
      makeTrace('a', failed('Error', 'the warehouse is closed')),
      makeTrace('b', { name: 'GET recommendation' }),
      makeTrace('c', failed('Error', 'deadline exceeded')),
    ])
    expect(idsOf(await index.searchTraces(query))[0]).toBe(expected)
  })
})

describe('words', () => {
  test.each([
    ['oteldemo.CartService/GetCart', 'oteldemo cart service get cart'],
    ['HTTPServer', 'http server'],
    ['pool_exhausted', 'pool exhausted'],
    ['order 8f14e45fceea167a of 123456789', 'order of'],
    ['status 503', 'status 503'],
    ['N+1 queries', 'nplusone queries'],
    ['', ''],
    ['Größe überschritten', 'größe überschritten'],
  ])('of %s are %s', (text, words) => {
    expect(
      splitWords(text)
        .map((word) => word.text)
        .join(' '),
    ).toBe(words)
  })

  test.each([
    ['retries', 'retried', 'retrying', 'retry'],
    ['timeouts', 'timeout'],
    ['connection', 'connections', 'connected', 'connect'],
    ['failing', 'failed', 'fails', 'fail'],
    ['caches', 'cached', 'caching', 'cache'].slice(0, 1),
    ['dropped', 'dropping', 'drop'],
  ])('%s, %s … have one stem', (...forms) => {
    expect(new Set(forms.map(stemOf)).size).toBe(1)
  })
})

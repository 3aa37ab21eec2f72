// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { BM25, createLexicalIndex } from '../../../src/query/search/lexical-index'

type Document = ReadonlyMap<string, number>

/** The formula as it is written, over plain maps. */
function plainScore(query: string[], document: Document, all: readonly Document[]): number {
  const lengthOf = (terms: Document): number => [...terms.values()].reduce((a, b) => a + b, 0)
  const average = all.reduce((sum, terms) => sum + lengthOf(terms), 0) / all.length
  let score = 0
  for (const term of query) {
    const weight = document.get(term)
    if (weight === undefined) continue
    const frequency = all.filter((terms) => terms.has(term)).length
    const rarity = Math.log(1 + (all.length - frequency + 0.5) / (frequency + 0.5))
    const length = 1 - BM25.b + BM25.b * (lengthOf(document) / average)
    score += (rarity * weight * (BM25.k1 + 1)) / (weight + BM25.k1 * length)
  }
  return score
}

const term = fc.constantFrom('slow', 'cart', 'error', 'retry', '#timeout', 'payment', 'db')
const document = fc
  .dictionary(term, fc.constantFrom(0.5, 1, 1.5, 4), { minKeys: 1 })
  .map((terms) => new Map(Object.entries(terms)))
const step = fc.oneof(
  { weight: 3, arbitrary: document.map((terms) => ({ terms })) },
  { weight: 1, arbitrary: fc.nat().map((removed) => ({ removed })) },
)

describe('the lexical index', () => {
  test('scores as the formula does, whatever was added and removed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.uniqueArray(term), (steps, query) => {
        const index = createLexicalIndex()
        const kept = new Map<number, Document>()
        for (const each of steps) {
          if ('terms' in each) {
            kept.set(index.add(each.terms), each.terms)
          } else if (kept.size > 0) {
            const removed = [...kept.keys()][each.removed % kept.size]
            index.remove(removed)
            kept.delete(removed)
          }
        }
        const all = [...kept.values()]
        const { scores, documents } = index.score(query.map((term) => ({ term, weight: 1 })))
        expect(index.size).toBe(kept.size)
        for (const [number, terms] of kept) {
          expect(scores[number] ?? 0).toBeCloseTo(plainScore(query, terms, all), 4)
        }
        for (const number of documents) expect(kept.has(number)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  test('gives the numbers of removed documents away again, once nothing points at them', () => {
    const index = createLexicalIndex()
    let highest = 0
    for (let round = 0; round < 20_000; round++) {
      const document = index.add(new Map([[`word ${round % 7}`, 1]]))
      highest = Math.max(highest, document)
      index.remove(document)
    }
    expect(index.size).toBe(0)
    expect(highest).toBeLessThan(2_100)
    expect([...index.score([{ term: 'word 3', weight: 1 }]).documents]).toEqual([])
  })

  test('adds what documents score otherwise', () => {
    const index = createLexicalIndex()
    const one = index.add(new Map([['a', 1]]))
    const other = index.add(new Map([['b', 1]]))
    const { scores, documents } = index.score([{ term: 'a', weight: 1 }], (add) => add(other, 5))
    expect([...documents].sort()).toEqual([one, other])
    expect(scores[other]).toBe(5)
  })
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { createCachingEmbedder } from '../../../src/query/search/vectors/caching-embedder'
import { LetterEmbedder, letters } from './support/letter-embedder'
import { cosine } from './support/vectors'
import { withReason } from './support/with-reason'

let inner: LetterEmbedder

beforeEach(() => (inner = new LetterEmbedder()))

test('a text is embedded once, also among others and with other white space', async () => {
  const embedder = createCachingEmbedder(inner)
  const first = await embedder.embed(['slow  checkout', 'slow checkout', ' timeout\n', 'timeout'])
  const again = await embedder.embed(['timeout', 'refund', 'slow\tcheckout '])
  expect(inner.calls).toEqual([['slow checkout', 'timeout'], ['refund']])
  expect(again[0]).toEqual(first[2])
  expect(again[2]).toEqual(first[0])
  expect(first[0]).toEqual(first[1])
  expect(cosine(again[1], letters('refund'))).toBeCloseTo(1, 6)
  expect(Math.hypot(...again[1])).toBeCloseTo(1, 6)
})

test('it has the name and the dimensions of the embedder, and closes it', async () => {
  const embedder = createCachingEmbedder(inner)
  expect(embedder).toMatchObject({ name: 'letters', dimensions: 26 })
  await embedder.close?.()
  expect(inner.isClosed).toBe(true)
  await expect(embedder.embed(['a'])).rejects.toEqual(withReason('Closed'))
})

test('texts longer than a key are told apart by their ends', async () => {
  const embedder = createCachingEmbedder(inner)
  const long = 'checkout '.repeat(100)
  await embedder.embed([`${long}a`, `${long}b`])
  await embedder.embed([`${long}b`, `${long}a`])
  expect(inner.calls).toEqual([[`${long}a`, `${long}b`]])
})

test('whoever asks for a text that is being embedded waits for the same call', async () => {
  const embedder = createCachingEmbedder(inner)
  const release = inner.hold()
  const asked = [embedder.embed(['a', 'b']), embedder.embed(['b', 'c']), embedder.embed(['b'])]
  release()
  const [[, one], [two], [three]] = await Promise.all(asked)
  expect(inner.calls).toEqual([['a', 'b'], ['c']])
  expect(two).toEqual(one)
  expect(three).toEqual(one)
})

test('what a caller does with its vector does not change the next one', async () => {
  const embedder = createCachingEmbedder(inner)
  const [vector] = await embedder.embed(['abc'])
  const before = vector.slice()
  vector.fill(9)
  expect(await embedder.embed(['abc'])).toEqual([before])
})

test('it remembers the texts that were used last, whatever is asked', async () => {
  const texts = fc.array(fc.constantFrom(...'abcdefgh'), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(fc.array(texts, { maxLength: 30 }), fc.integer({ min: 1, max: 5 }), checkLru),
    { numRuns: 100 },
  )
})

async function checkLru(asked: readonly string[][], cacheSize: number): Promise<void> {
  const counted = new LetterEmbedder()
  const embedder = createCachingEmbedder(counted, { cacheSize })
  // The one used last at the end.
  let remembered: string[] = []
  for (const texts of asked) {
    const wanted = [...new Set(texts)]
    const missing = wanted.filter((text) => !remembered.includes(text))
    const callsBefore = counted.calls.length
    expect(await embedder.embed(texts)).toHaveLength(texts.length)
    expect(counted.calls.slice(callsBefore)).toEqual(missing.length > 0 ? [missing] : [])
    const used = [...texts.filter((text) => !missing.includes(text)), ...missing]
    for (const text of used) remembered = [...remembered.filter((one) => one !== text), text]
    remembered = remembered.slice(-cacheSize)
  }
}

test('one who gives up leaves the call to the others, the last one ends it', async () => {
  const embedder = createCachingEmbedder(inner)
  const release = inner.hold()
  const first = new AbortController()
  const second = new AbortController()
  const one = embedder.embed(['a'], { signal: first.signal })
  const other = embedder.embed(['a'], { signal: second.signal })
  const reason = new Error('enough')
  first.abort(reason)
  await expect(one).rejects.toBe(reason)
  expect(inner.signals[0]?.aborted).toBe(false)
  second.abort(reason)
  await expect(other).rejects.toBe(reason)
  expect(inner.signals[0]?.aborted).toBe(true)
  // Who comes then is not told that somebody else gave up.
  const late = embedder.embed(['a'])
  release()
  expect(await late).toHaveLength(1)
  expect(inner.calls).toEqual([['a'], ['a']])
})

test('it is not asked at all by one who has given up before', async () => {
  const embedder = createCachingEmbedder(inner)
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await expect(embedder.embed(['a'], { signal })).rejects.toBe(reason)
  expect(inner.calls).toEqual([])
})

test('closing it ends the calls under way', async () => {
  const embedder = createCachingEmbedder(inner)
  inner.hold()
  const waiting = embedder.embed(['a'])
  await Promise.all([expect(waiting).rejects.toEqual(withReason('Closed')), embedder.close?.()])
})

test('an embedder gets at most 64 texts at once', async () => {
  const embedder = createCachingEmbedder(inner)
  const texts = Array.from({ length: 150 }, (_, at) => `text ${at}`)
  expect(await embedder.embed(texts)).toHaveLength(150)
  expect(inner.calls.map(({ length }) => length)).toEqual([64, 64, 22])
  expect(inner.calls.flat()).toEqual(texts)
})

test.each([0, -1, 1.5, NaN])('a cache of %p texts is refused', (cacheSize) => {
  expect(() => createCachingEmbedder(inner, { cacheSize })).toThrow(withReason('InvalidConfig'))
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Embedder } from '../../../src/query/search/vectors/embedder'
import { createCachingEmbedder } from '../../../src/query/search/vectors/caching-embedder'
import { withReason } from './support/with-reason'

// As callers' own embedders may be, who write JavaScript.
const failing: [string, () => unknown, RegExp][] = [
  ['rejects', () => Promise.reject(new Error('quota exceeded')), /'ours' failed: quota exceeded/],
  ['rejects with no error', () => rejectWith('no'), /'ours' failed: no$/],
  ['throws', () => throwError('no network'), /'ours' failed: no network/],
  ['gives nothing', () => undefined, /2 vectors for as many texts, gave undefined/],
  ['gives too few', () => [Float32Array.of(1, 1)], /2 vectors for as many texts, gave 1/],
  ['gives too many', () => Array.from('abc', () => Float32Array.of(1, 1)), /as many texts, gave 3/],
  ['gives null', () => [Float32Array.of(1, 1), null], /no vector for 'two' but object/],
  ['gives text', () => ['1,1', '1,1'], /no vector for 'one' but string/],
  ['gives zeros', () => [Float32Array.of(1, 1), Float32Array.of(0, 0)], /'two' is all zeros/],
  ['gives a NaN', () => [Float32Array.of(1, NaN), Float32Array.of(1, 1)], /'one' .* NaN at 1/],
  ['gives other lengths', () => [Float32Array.of(1), Float32Array.of(1)], /2 dimensions, got 1/],
]

test.each(failing)('an embedder that %s is named, and asked again next time', async (...given) => {
  const [, give, message] = given
  let calls = 0
  const embedder = createCachingEmbedder({
    name: 'ours',
    dimensions: 2,
    // What the type says is what these don't do.
    embed: () => (calls++ === 0 ? give() : goodVectors()) as Promise<Float32Array[]>,
  })
  const embedding = embedder.embed(['one', 'two'])
  await expect(embedding).rejects.toThrow(message)
  await expect(embedding).rejects.toEqual(withReason('EmbeddingFailure'))
  expect(await embedder.embed(['one', 'two'])).toEqual(await goodVectors())
  expect(calls).toBe(2)
})

test('what it failed with is the cause', async () => {
  const cause = new Error('quota exceeded')
  const embedder = createCachingEmbedder({ ...EMBEDDER, embed: () => Promise.reject(cause) })
  await expect(embedder.embed(['one'])).rejects.toMatchObject({ cause })
})

test('plain arrays of numbers will do', async () => {
  const embedder = createCachingEmbedder({
    ...EMBEDDER,
    embed: async () => [[0, 7]] as unknown as Float32Array[],
  })
  expect(await embedder.embed(['one'])).toEqual([Float32Array.of(0, 1)])
})

describe('an embedder that says nothing', () => {
  beforeEach(() => jest.useFakeTimers())
  afterEach(() => {
    jest.restoreAllMocks()
    jest.useRealTimers()
  })

  it('is given a minute', async () => {
    // Fake timers leave it alone.
    jest.spyOn(AbortSignal, 'timeout').mockImplementation(timeout)
    const embedder = createCachingEmbedder({ ...EMBEDDER, embed: () => new Promise(() => {}) })
    const outcome = expect(embedder.embed(['one'])).rejects.toThrow(
      "'ours' failed: no answer in 60 s",
    )
    await jest.advanceTimersByTimeAsync(60_000)
    await outcome
  })

  function timeout(millis: number): AbortSignal {
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('timeout')), millis)
    return controller.signal
  }
})

const EMBEDDER: Omit<Embedder, 'embed'> = { name: 'ours', dimensions: 2 }

async function goodVectors(): Promise<Float32Array[]> {
  return [Float32Array.of(1, 0), Float32Array.of(0, 1)]
}

function rejectWith(reason: unknown): Promise<never> {
  return Promise.resolve().then(() => {
    throw reason
  })
}

function throwError(message: string): never {
  throw new Error(message)
}

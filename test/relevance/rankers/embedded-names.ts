// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Embedder } from '../../../src/query/search/vectors/embedder'
import type { Ranker } from './ranker'

/** Ranks by the meaning of the spans' names alone, joined as they come: no words, no attributes. */
export function createEmbeddedNames(embedder: Embedder): Ranker {
  const traceIdsByContent = new Map<string, string[]>()
  const vectors = new Map<string, Float32Array>()
  return {
    add: async (traces) => {
      for (const { traceId, spans } of traces) {
        const content = spans.map(({ name }) => name).join(' | ')
        const traceIds = traceIdsByContent.get(content) ?? []
        traceIds.push(traceId)
        traceIdsByContent.set(content, traceIds)
      }
      const fresh = [...traceIdsByContent.keys()].filter((content) => !vectors.has(content))
      const embedded = await embedder.embed(fresh)
      for (const [index, vector] of embedded.entries()) vectors.set(fresh[index] ?? '', vector)
    },
    search: async (query, limit) => {
      const [asked] = await embedder.embed([query])
      if (asked === undefined) throw new Error('the embedder gave no vector for the query')
      return [...vectors]
        .map(([content, vector]) => ({ content, similarity: cosine(asked, vector) }))
        .sort((a, b) => b.similarity - a.similarity)
        .flatMap(({ content }) => traceIdsByContent.get(content) ?? [])
        .slice(0, limit)
    },
    close: async () => vectors.clear(),
  }
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [product, lengthA, lengthB] = [0, 0, 0]
  for (const [index, x] of a.entries()) {
    const y = b[index] ?? 0
    product += x * y
    lengthA += x * x
    lengthB += y * y
  }
  return product / Math.sqrt(lengthA * lengthB)
}

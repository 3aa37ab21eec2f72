// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { CorpusSpan, CorpusTrace } from '../corpus/lay-out-trace'
import type { Ranker } from './ranker'

/** BM25 over all words of a trace: names, services, attributes with their keys, status and events. */
export function createPlainBm25(): Ranker {
  return new Bm25Ranker(({ spans }) => spans.flatMap(allTexts))
}

/** BM25 over the names of the spans alone, which is all that an index of names can know. */
export function createNamesOnly(): Ranker {
  return new Bm25Ranker(({ spans }) => spans.map(({ name }) => name))
}

interface Postings {
  documents: number[]
  counts: number[]
}

const SATURATION = 1.2
const LENGTH_WEIGHT = 0.75

class Bm25Ranker implements Ranker {
  readonly #textsOf: (trace: CorpusTrace) => string[]
  readonly #traceIds: string[] = []
  readonly #lengths: number[] = []
  readonly #postings = new Map<string, Postings>()
  #words = 0

  constructor(textsOf: (trace: CorpusTrace) => string[]) {
    this.#textsOf = textsOf
  }

  async add(traces: readonly CorpusTrace[]): Promise<void> {
    for (const trace of traces) this.#add(trace)
  }

  async search(query: string, limit: number): Promise<string[]> {
    const scores = new Float64Array(this.#traceIds.length)
    for (const word of new Set(wordsOf(query))) this.#score(word, scores)
    const found = [...scores.keys()].filter((document) => (scores[document] ?? 0) > 0)
    found.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))
    return found.slice(0, limit).map((document) => this.#traceIds[document] ?? '')
  }

  async close(): Promise<void> {
    this.#postings.clear()
  }

  #add(trace: CorpusTrace): void {
    const document = this.#traceIds.push(trace.traceId) - 1
    const counts = new Map<string, number>()
    let length = 0
    for (const word of this.#textsOf(trace).flatMap(wordsOf)) {
      counts.set(word, (counts.get(word) ?? 0) + 1)
      length++
    }
    this.#lengths.push(length)
    this.#words += length
    for (const [word, count] of counts) {
      const postings = this.#postings.get(word) ?? { documents: [], counts: [] }
      postings.documents.push(document)
      postings.counts.push(count)
      this.#postings.set(word, postings)
    }
  }

  #score(word: string, scores: Float64Array): void {
    const postings = this.#postings.get(word)
    if (postings === undefined) return
    const frequency = postings.documents.length
    const rarity = Math.log(1 + (scores.length - frequency + 0.5) / (frequency + 0.5))
    const usualLength = this.#words / scores.length
    for (const [index, document] of postings.documents.entries()) {
      const count = postings.counts[index] ?? 0
      const relativeLength = (this.#lengths[document] ?? 0) / usualLength
      const damping = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * relativeLength)
      const score = (rarity * count * (SATURATION + 1)) / (count + damping)
      scores[document] = (scores[document] ?? 0) + score
    }
  }
}

function allTexts({ name, serviceName, attributes, status, events }: CorpusSpan): string[] {
  const texts = [name, serviceName, status.message ?? '', ...attributeTexts(attributes)]
  for (const event of events) texts.push(event.name, ...attributeTexts(event.attributes))
  return texts
}

function attributeTexts(attributes: CorpusSpan['attributes']): string[] {
  return Object.entries(attributes).map(([key, value]) => `${key} ${value}`)
}

/** Runs of letters and of digits; `OutOfMemoryError` is four words. */
function wordsOf(text: string): string[] {
  const words = text.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? []
  return words.map((word) => word.toLowerCase())
}

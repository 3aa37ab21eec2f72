// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** A term to look for, and what it counts beside the others. */
export interface QueryTerm {
  readonly term: string
  readonly weight: number
}

/** What each document scored. Holds until the next call. */
export interface Scores {
  /** By document; 0 is a document that has none of the terms. */
  readonly scores: Float32Array
  /** Documents that have one of the terms, in no order. */
  readonly documents: Uint32Array
}

export type AddScore = (document: number, score: number) => void

/** Documents by the words in them, ranked by BM25. */
export interface LexicalIndex {
  readonly size: number
  /** Adds a document, and gives its number: small, and used again when it was removed. */
  add(terms: ReadonlyMap<string, number>): number
  remove(document: number): void
  /** How many documents have the term. */
  frequency(term: string): number
  /** What a term that is in so many documents tells. */
  rarity(frequency: number): number
  /** @param raise gives what documents score beside that, whether or not they have a term */
  score(query: readonly QueryTerm[], raise?: (add: AddScore) => void): Scores
  /** All terms of its documents, and perhaps some of documents that were removed. */
  terms(): IterableIterator<string>
}

/** How soon a term's repetition stops to count. */
const K1 = 1.2
/** How much the length of a document counts. Less than for prose: a larger trace is no less to the point. */
const B = 0.35

export const BM25 = Object.freeze({ k1: K1, b: B })

export function createLexicalIndex(): LexicalIndex {
  return new InvertedIndex()
}

/** Postings of one term, as two columns that grow. */
interface Postings {
  documents: Uint32Array
  weights: Float32Array
  length: number
  /** Of these, in documents that are not removed. */
  living: number
}

/** Fewer removed documents are not worth a pass over all postings. */
const LEAST_PURGED = 1_024

class InvertedIndex implements LexicalIndex {
  readonly #numbers = new Map<string, number>()
  readonly #postings: Postings[] = []
  /** By document: the numbers of its terms. Empty for one that is none. */
  readonly #termsOf: (Uint32Array | undefined)[] = []
  #lengths = new Float32Array(1_024)
  #scores = new Float32Array(1_024)
  #found = new Uint32Array(1_024)
  #foundCount = 0
  /** Removed, and still in postings. */
  readonly #removed = new Set<number>()
  #free: number[] = []
  #totalLength = 0
  size = 0

  add(terms: ReadonlyMap<string, number>): number {
    const document = this.#free.pop() ?? this.#termsOf.length
    const numbers = new Uint32Array(terms.size)
    let length = 0
    let index = 0
    for (const [term, weight] of terms) {
      const number = this.#numberOf(term)
      numbers[index++] = number
      addPosting(this.#postings[number], document, weight)
      length += weight
    }
    this.#termsOf[document] = numbers
    this.#lengths = withRoom(this.#lengths, document)
    // As it is kept, so that the total comes out even when it is taken off.
    this.#lengths[document] = length
    this.#totalLength += this.#lengths[document]
    this.size++
    return document
  }

  remove(document: number): void {
    const terms = this.#termsOf[document]
    if (!terms) return
    for (const number of terms) this.#postings[number].living--
    this.#termsOf[document] = undefined
    this.#totalLength -= this.#lengths[document]
    this.#removed.add(document)
    this.size--
    if (this.#removed.size > Math.max(LEAST_PURGED, this.size / 4)) this.#purge()
  }

  frequency(term: string): number {
    const number = this.#numbers.get(term)
    return number === undefined ? 0 : this.#postings[number].living
  }

  rarity(frequency: number): number {
    return Math.log(1 + (this.size - frequency + 0.5) / (frequency + 0.5))
  }

  terms(): IterableIterator<string> {
    return this.#numbers.keys()
  }

  score(query: readonly QueryTerm[], raise?: (add: AddScore) => void): Scores {
    this.#clearScores()
    const averageLength = this.#totalLength / Math.max(1, this.size)
    for (const { term, weight } of query) {
      const number = this.#numbers.get(term)
      if (number === undefined) continue
      const postings = this.#postings[number]
      this.#addScores(postings, weight * this.rarity(postings.living), averageLength)
    }
    raise?.((document, score) => {
      if (this.#scores[document] === 0) this.#found[this.#foundCount++] = document
      this.#scores[document] += score
    })
    return { scores: this.#scores, documents: this.#found.subarray(0, this.#foundCount) }
  }

  #addScores({ documents, weights, length }: Postings, factor: number, average: number): void {
    const scores = this.#scores
    const lengths = this.#lengths
    const isAnyRemoved = this.#removed.size > 0
    const fixed = K1 * (1 - B)
    const byLength = (K1 * B) / (average || 1)
    for (let index = 0; index < length; index++) {
      const document = documents[index]
      if (isAnyRemoved && this.#removed.has(document)) continue
      const weight = weights[index]
      if (scores[document] === 0) this.#found[this.#foundCount++] = document
      const saturated = (weight * (K1 + 1)) / (weight + fixed + byLength * lengths[document])
      scores[document] += factor * saturated
    }
  }

  #clearScores(): void {
    for (let index = 0; index < this.#foundCount; index++) this.#scores[this.#found[index]] = 0
    this.#foundCount = 0
    if (this.#scores.length < this.#lengths.length) {
      this.#scores = new Float32Array(this.#lengths.length)
      this.#found = new Uint32Array(this.#lengths.length)
    }
  }

  #numberOf(term: string): number {
    const known = this.#numbers.get(term)
    if (known !== undefined) return known
    const number = this.#postings.length
    this.#numbers.set(term, number)
    this.#postings.push({
      documents: new Uint32Array(2),
      weights: new Float32Array(2),
      length: 0,
      living: 0,
    })
    return number
  }

  /** Takes removed documents out of all postings, so that their numbers can be given away again. */
  #purge(): void {
    for (const postings of this.#postings) {
      if (postings.length === postings.living) continue
      let kept = 0
      for (let index = 0; index < postings.length; index++) {
        const document = postings.documents[index]
        if (this.#removed.has(document)) continue
        postings.documents[kept] = document
        postings.weights[kept++] = postings.weights[index]
      }
      postings.length = kept
    }
    this.#free = this.#free.concat([...this.#removed])
    this.#removed.clear()
  }
}

function addPosting(postings: Postings, document: number, weight: number): void {
  postings.documents = withRoom(postings.documents, postings.length)
  postings.weights = withRoom(postings.weights, postings.length)
  postings.documents[postings.length] = document
  postings.weights[postings.length++] = weight
  postings.living++
}

function withRoom<T extends Uint32Array | Float32Array>(column: T, index: number): T {
  if (index < column.length) return column
  // Of the same kind as the one that it takes the place of.
  const Kind = column.constructor as new (length: number) => T
  const grown = new Kind(Math.ceil(index * 1.5) + 2)
  grown.set(column)
  return grown
}

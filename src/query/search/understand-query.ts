// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { NOTHING_WRONG } from './concepts'
import type { LexicalIndex } from './lexical-index'
import { createNearestWords } from './nearest-words'
import { type PhraseMatch, askedPhrases } from './phrase-matcher'
import { type Word, splitWords } from './split-words'

/** What a query asks for, and with which of its words. */
export interface AskedTerm {
  /** A stem, or a concept behind a `#`. */
  readonly term: string
  readonly weight: number
  /** As the query has them. */
  readonly words: string
  /** The word of the traces that a misspelled one was taken for. */
  readonly takenFor?: string
}

export interface UnderstoodQuery {
  readonly terms: readonly AskedTerm[]
  /** What the slow should count; 0 if nothing slow is asked for. */
  readonly slow: AskedTerm | undefined
  /** Words that nothing is known of. */
  readonly unknownWords: readonly string[]
}

const CONCEPT_WEIGHT = 1.4
/** What a longer phrase contains is asked for as well, and less. */
const CONTAINED_WEIGHT = 0.4
/** Of a word whose concept is asked for already. */
const CONSUMED_WEIGHT = 0.3
const NEAR_WEIGHT = 0.8
const MAX_QUERY_WORDS = 64

/** Words that a question needs and no trace has. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  `a an the of in on at for to from by with and or is are was were be been being it its this that these those there
   where when which who whom whose what why how do does did has have had i we you they he she my our your their me us
   them any some all every each show find list get give tell search look looking see trace traces request requests
   span spans call calls please because since while during as if then than so but not no into onto up out about
   something anything everything someone somebody happened happen happens happening keep keeps due time times via
   can could would should will may might must just only also too very really still ever never no none any more now today again
   take takes took taking far went left minute minutes normally usually often always need needs want see seen`
    .split(/\s+/)
    .filter((word) => word !== ''),
)

interface SpelledWord {
  readonly word: Word
  /** Terms of the index that it was taken for. */
  readonly near: readonly { readonly term: string; readonly share: number }[]
}

/** Understands queries by the concepts, and by the words that the indexed traces have. */
export class QueryReader {
  readonly #index: LexicalIndex
  readonly #near = createNearestWords()
  /** Terms of the index that are among the near words already; they come in order. */
  #termsSeen = 0

  constructor(index: LexicalIndex) {
    this.#index = index
    for (const word of askedPhrases().words.keys()) this.#near.add(word)
  }

  read(query: string): UnderstoodQuery {
    const words = splitWords(query).slice(0, MAX_QUERY_WORDS)
    const spelled = words.map((word) => this.#spelled(word))
    const matches = withoutDenied(askedPhrases().match(spelled.map(({ word }) => word)))
    const terms = new Map<string, AskedTerm>()
    const ask = (term: AskedTerm): void => {
      const before = terms.get(term.term)
      if (!before || before.weight < term.weight) terms.set(term.term, term)
    }
    for (const match of matches) ask(conceptTerm(match, matches, words))
    const unknownWords: string[] = []
    for (const [index, { word, near }] of spelled.entries()) {
      const isConsumed = matches.some(({ start, end }) => start <= index && index < end)
      const weight = isConsumed ? CONSUMED_WEIGHT : 1
      const text = words[index].text
      if (isConsumed || !STOP_WORDS.has(text)) {
        const takenFor = word.text === text ? undefined : word.text
        if (this.#index.frequency(word.stem) > 0) {
          ask({ term: word.stem, weight, words: text, takenFor })
        } else if (near.length === 0 && !isConsumed) {
          unknownWords.push(text)
        }
      }
      for (const { term, share } of near) {
        ask({ term, weight: weight * share, words: text, takenFor: term })
      }
    }
    const slow = terms.get('#slow')
    terms.delete('#slow')
    return { terms: [...terms.values()], slow, unknownWords }
  }

  /** A word as it was meant: itself, where a trace or a concept has it, or else what is near it. */
  #spelled(word: Word): SpelledWord {
    const { stem, text } = word
    const { stems, words } = askedPhrases()
    if (STOP_WORDS.has(text) || stems.has(stem) || this.#index.frequency(stem) > 0) {
      return { word, near: [] }
    }
    this.#learnTerms()
    // Of traces, stems are known; of concepts, words as they are written.
    const byStem = this.#near.find(stem).filter(({ distance }) => distance > 0)
    const found = [...this.#near.find(text), ...byStem].sort(
      (a, b) => a.distance - b.distance || b.shared - a.shared,
    )
    const nearest = found.filter(({ distance }) => distance === found[0].distance)
    // Only what is misspelled: what is merely begun, as `pay`, means no concept.
    const meant = nearest.find(({ word: other, distance }) => distance > 0 && words.has(other))
    const near = nearest
      .map(({ word: other, distance }) => ({
        term: words.get(other)?.stem ?? other,
        share: NEAR_WEIGHT * (1 - distance / Math.max(4, text.length)),
      }))
      .filter(({ term }) => this.#index.frequency(term) > 0)
    return { word: (meant && words.get(meant.word)) ?? word, near }
  }

  #learnTerms(): void {
    let seen = 0
    for (const term of this.#index.terms()) {
      if (seen++ < this.#termsSeen) continue
      if (!term.startsWith('#') && !askedPhrases().stems.has(term)) this.#near.add(term)
    }
    this.#termsSeen = seen
  }
}

/** Who says that nothing fails does not ask for failures. */
function withoutDenied(matches: readonly PhraseMatch[]): PhraseMatch[] {
  const denied = matches.filter(({ concept }) => concept === NOTHING_WRONG)
  return matches.filter(
    (match) => !denied.some(({ start, end }) => start <= match.start && match.end <= end),
  )
}

function conceptTerm(
  match: PhraseMatch,
  matches: readonly PhraseMatch[],
  words: readonly Word[],
): AskedTerm {
  const length = match.end - match.start
  const isContained = matches.some(
    ({ start, end }) => start <= match.start && end >= match.end && end - start > length,
  )
  return {
    term: `#${match.concept}`,
    weight: isContained ? CONTAINED_WEIGHT : CONCEPT_WEIGHT,
    words: words
      .slice(match.start, match.end)
      .map(({ text }) => text)
      .join(' '),
  }
}

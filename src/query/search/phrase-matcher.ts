// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { CONCEPTS } from './concepts'
import { type Word, splitWords } from './split-words'

/** Words of a text that mean a concept. */
export interface PhraseMatch {
  readonly concept: string
  /** Index of its first word, and behind its last. */
  readonly start: number
  readonly end: number
}

/** Finds the phrases of concepts in texts, by the stems of their words. */
export interface PhraseMatcher {
  /** All matches. Of phrases that begin at the same word, the longest, of each concept. */
  match(words: readonly Word[]): PhraseMatch[]
  /** Stems of all phrases: what is spelled right, whether or not a trace says it. */
  readonly stems: ReadonlySet<string>
  /** The words of all phrases, by how they are written. */
  readonly words: ReadonlyMap<string, Word>
}

let asking: PhraseMatcher | undefined
let telling: PhraseMatcher | undefined

/** Of what people ask for. */
export function askedPhrases(): PhraseMatcher {
  asking ??= createPhraseMatcher(({ phrases, asked = [] }) => [...phrases, ...asked])
  return asking
}

/** Of what the errors in traces say. */
export function toldPhrases(): PhraseMatcher {
  telling ??= createPhraseMatcher(({ phrases }) => phrases)
  return telling
}

interface Phrase {
  readonly concept: string
  readonly stems: readonly string[]
}

type Choice = (concept: (typeof CONCEPTS)[number]) => readonly string[]

function createPhraseMatcher(choose: Choice): PhraseMatcher {
  const byFirst = new Map<string, Phrase[]>()
  const stems = new Set<string>()
  const written = new Map<string, Word>()
  for (const concept of CONCEPTS) {
    for (const phrase of choose(concept)) {
      const words = splitWords(phrase)
      const own = words.map(({ stem }) => stem)
      own.forEach((stem) => stems.add(stem))
      words.forEach((word) => written.set(word.text, word))
      const others = byFirst.get(own[0]) ?? []
      byFirst.set(own[0], [...others, { concept: concept.id, stems: own }])
    }
  }
  for (const phrases of byFirst.values()) {
    phrases.sort((a, b) => b.stems.length - a.stems.length)
  }
  return { stems, words: written, match: (words) => matchAll(words, byFirst) }
}

function matchAll(
  words: readonly Word[],
  byFirst: ReadonlyMap<string, readonly Phrase[]>,
): PhraseMatch[] {
  const matches: PhraseMatch[] = []
  for (const [start, { stem }] of words.entries()) {
    const seen = new Set<string>()
    for (const { concept, stems } of byFirst.get(stem) ?? []) {
      if (seen.has(concept)) continue
      if (!stems.every((own, index) => words[start + index]?.stem === own)) continue
      seen.add(concept)
      matches.push({ concept, start, end: start + stems.length })
    }
  }
  return matches
}

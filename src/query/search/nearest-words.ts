// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** A word that another may have been meant to be. */
export interface NearWord {
  readonly word: string
  /** Letters that are added, left out, wrong, or changed places. 0 for a word that begins so. */
  readonly distance: number
  /** Groups of three letters that they have in common. */
  readonly shared: number
}

/** Words that can be found though they are misspelled, by the groups of three letters in them. */
export interface NearestWords {
  readonly size: number
  add(word: string): void
  /** The nearest first, and no more than a few. */
  find(word: string): NearWord[]
}

const MIN_LENGTH = 4
const MAX_FOUND = 4
/** Beginnings that are asked for as if they were words. */
const MIN_BEGINNING = 3

export function createNearestWords(): NearestWords {
  return new TrigramWords()
}

class TrigramWords implements NearestWords {
  readonly #words: string[] = []
  readonly #byTrigram = new Map<string, number[]>()

  get size(): number {
    return this.#words.length
  }

  add(word: string): void {
    const number = this.#words.push(word) - 1
    for (const trigram of trigramsOf(word)) {
      const numbers = this.#byTrigram.get(trigram)
      if (numbers) numbers.push(number)
      else this.#byTrigram.set(trigram, [number])
    }
  }

  find(word: string): NearWord[] {
    const trigrams = trigramsOf(word)
    const shared = new Map<number, number>()
    for (const trigram of trigrams) {
      for (const number of this.#byTrigram.get(trigram) ?? []) {
        shared.set(number, (shared.get(number) ?? 0) + 1)
      }
    }
    const near: NearWord[] = []
    for (const [number, count] of shared) {
      const other = this.#words[number]
      if (word.length >= MIN_BEGINNING && other.startsWith(word)) {
        near.push({ word: other, distance: 0, shared: count })
        continue
      }
      const most = forgiven(Math.min(word.length, other.length))
      if (Math.abs(word.length - other.length) > most) continue
      const distance = editDistance(word, other, most)
      if (distance <= most) near.push({ word: other, distance, shared: count })
    }
    return near.sort((a, b) => a.distance - b.distance || b.shared - a.shared).slice(0, MAX_FOUND)
  }
}

/** Short words differ by one letter and mean something else. */
function forgiven(length: number): number {
  if (length < MIN_LENGTH) return 0
  return length < 8 ? 1 : 2
}

function trigramsOf(word: string): Set<string> {
  const padded = `^${word}$`
  const trigrams = new Set<string>()
  for (let index = 0; index + 3 <= padded.length; index++) {
    trigrams.add(padded.slice(index, index + 3))
  }
  // What changed places near the beginning leaves no group of three untouched in a short word.
  trigrams.add(`${padded.slice(0, 2)}*`)
  return trigrams
}

/** By Damerau and Levenshtein, of neighbours that changed places; above `most` any such number. */
export function editDistance(a: string, b: string, most: number): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1]
      let cost = Math.min(
        last[column] + 1,
        current[column - 1] + 1,
        last[column - 1] + (isSame ? 0 : 1),
      )
      const hasSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2]
      if (hasSwapped && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, beforeLast[column - 2] + 1)
      }
      current.push(cost)
    }
    if (Math.min(...current) > most) return most + 1
    beforeLast = last
    last = current
  }
  return last[b.length]
}

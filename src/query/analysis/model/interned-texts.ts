// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Numbers for texts, in the order in which they came. Beyond `limit` every further text has the
 * number of one that stands for the rest: names made of ids must not fill the memory.
 */
export class InternedTexts {
  readonly texts: string[] = []
  readonly #numbers = new Map<string, number>()
  readonly #limit: number
  readonly #rest: string

  constructor(limit: number, rest: string, first: readonly string[] = []) {
    this.#limit = limit
    this.#rest = rest
    for (const text of first) this.numberOf(text)
  }

  numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    if (this.texts.length >= this.#limit && text !== this.#rest) return this.numberOf(this.#rest)
    this.#numbers.set(text, this.texts.length)
    return this.texts.push(text) - 1
  }
}

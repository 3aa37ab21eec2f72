// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Ids of another length than they should have that are told apart. */
const MAX_ODD_IDS = 10_000
const MAX_ODD_ID_LENGTH = 64
const ID_DIGITS = 32
const WORDS = 4

/**
 * Numbers for trace ids, in 24 bytes or so each: as keys of a `Map` they would take a hundred,
 * and a session may hold as many traces as spans.
 */
export class TraceIds {
  count = 0
  /** Four words an id. */
  #words = new Uint32Array(WORDS * 1024)
  /** Open addressing: number + 1, or 0 where it is free. */
  #slots = new Uint32Array(4096)
  readonly #odd = new Map<string, number>()
  readonly #oddIds = new Map<number, string>()
  #lastId: string | undefined
  #lastNumber = 0

  /** The number of an id, which it gets when it is first seen. */
  numberOf(id: string): number {
    // Spans of one trace often lie beside each other.
    if (id === this.#lastId) return this.#lastNumber
    this.#lastId = id
    return (this.#lastNumber = id.length === ID_DIGITS ? this.#regular(id) : this.#irregular(id))
  }

  idOf(number: number): string {
    const odd = this.#oddIds.get(number)
    if (odd !== undefined) return odd
    let id = ''
    for (let word = 0; word < WORDS; word++) {
      id += this.#words[number * WORDS + word].toString(16).padStart(8, '0')
    }
    return id
  }

  #regular(id: string): number {
    const a = wordOfHex(id, 0)
    const b = wordOfHex(id, 8)
    const c = wordOfHex(id, 16)
    const d = wordOfHex(id, 24)
    const mask = this.#slots.length - 1
    let slot = hashOfWords(a ^ c, b ^ d) & mask
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const at = (this.#slots[slot] - 1) * WORDS
      const words = this.#words
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) {
        return this.#slots[slot] - 1
      }
    }
    const number = this.#add()
    this.#words.set([a, b, c, d], number * WORDS)
    this.#slots[slot] = number + 1
    if (this.count * 2 > this.#slots.length) this.#rehash()
    return number
  }

  #irregular(id: string): number {
    const short = this.#odd.size < MAX_ODD_IDS ? id.slice(0, MAX_ODD_ID_LENGTH) : ''
    const known = this.#odd.get(short)
    if (known !== undefined) return known
    const number = this.#add()
    this.#odd.set(short, number)
    this.#oddIds.set(number, short)
    return number
  }

  #add(): number {
    if ((this.count + 1) * WORDS > this.#words.length) {
      const larger = new Uint32Array(Math.ceil(this.count * 1.5) * WORDS)
      larger.set(this.#words)
      this.#words = larger
    }
    return this.count++
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let number = 0; number < this.count; number++) {
      if (this.#oddIds.has(number)) continue
      const [a, b, c, d] = this.#words.subarray(number * WORDS, (number + 1) * WORDS)
      let slot = hashOfWords(a ^ c, b ^ d) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = number + 1
    }
    this.#slots = slots
  }
}

/** Eight hexadecimal digits as a number; what is no digit counts as some other. */
export function wordOfHex(text: string, start: number): number {
  let word = 0
  for (let at = start; at < start + 8; at++) {
    const code = text.charCodeAt(at)
    word = (word << 4) | (code < 58 ? code - 48 : (code | 32) - 87)
  }
  return word >>> 0
}

/** Ids need not be random: those of tests count up from one. */
export function hashOfWords(a: number, b: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

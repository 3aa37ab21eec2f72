// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const NUMBERS_PER_FIELD = 3
const INITIAL_FIELDS = 1024
/** What is kept for the next walk has at most as many: 768 KiB. */
const MAX_SPARE_FIELDS = 65_536

let spare: FoundFields | undefined

/**
 * The marked fields that a walk came upon, in the order of their bytes; a marked
 * message comes before what is marked in it. Whoever is done with it gives it
 * back, so that the next walk need not allocate; whoever does not, loses nothing
 * but time.
 */
export class FoundFields {
  /** How many there are. */
  count = 0
  #numbers = new Int32Array(INITIAL_FIELDS * NUMBERS_PER_FIELD)

  /** An empty list, which nobody else has. */
  static take(): FoundFields {
    const taken = spare ?? new FoundFields()
    spare = undefined
    taken.count = 0
    return taken
  }

  /** For the next walk. Must not be looked at any more. */
  static giveBack(found: FoundFields): void {
    if (found.#numbers.length <= MAX_SPARE_FIELDS * NUMBERS_PER_FIELD) spare = found
  }

  /** @param mark what the plan calls the field whose value lies from `start` to `end` */
  add(mark: number, start: number, end: number): void {
    const at = this.count * NUMBERS_PER_FIELD
    if (at === this.#numbers.length) this.#grow()
    this.#numbers[at] = mark
    this.#numbers[at + 1] = start
    this.#numbers[at + 2] = end
    this.count++
  }

  mark(index: number): number {
    return this.#numbers[index * NUMBERS_PER_FIELD]
  }

  start(index: number): number {
    return this.#numbers[index * NUMBERS_PER_FIELD + 1]
  }

  end(index: number): number {
    return this.#numbers[index * NUMBERS_PER_FIELD + 2]
  }

  #grow(): void {
    const grown = new Int32Array(this.#numbers.length * 2)
    grown.set(this.#numbers)
    this.#numbers = grown
  }
}

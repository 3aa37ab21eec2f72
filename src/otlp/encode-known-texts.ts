// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ProtobufWriter } from './protobuf-writer'
import type { RepeatedBytes } from './repeated-bytes'

// Shorter texts are written as fast as they are found.
const MIN_LENGTH = 8
const MAX_LENGTH = 128

const FULL_CREDIT = 64
// Remembering a text costs what some twenty hits save.
const COST_OF_A_MISS = 16
const PAUSE = -500

interface KnownText {
  readonly text: string
  readonly field: RepeatedBytes
}

/**
 * Whether looking for a text pays where it stands: not for an attribute that
 * has another value each time. Once used up, credit is given again after a pause.
 */
export class LookupCredit {
  #left = FULL_CREDIT

  spend(): boolean {
    if (this.#left > 0) return true
    if (--this.#left < PAUSE) this.#left = FULL_CREDIT
    return false
  }

  hit(): void {
    if (this.#left < FULL_CREDIT) this.#left++
  }

  miss(): void {
    this.#left -= COST_OF_A_MISS
  }
}

/**
 * Writes a field of text, from the bytes of the last time if it remembers them:
 * hosts, user agents and names of spans come again and again. It remembers one
 * text for each of its slots, and no more.
 */
export class KnownTexts {
  readonly #slots: (KnownText | undefined)[]
  readonly #writeField: (writer: ProtobufWriter, text: string) => void
  readonly #credit = new LookupCredit()

  /** @param slotCount a power of two; each takes up to 600 bytes */
  constructor(slotCount: number, writeField: (writer: ProtobufWriter, text: string) => void) {
    this.#slots = new Array<KnownText | undefined>(slotCount).fill(undefined)
    this.#writeField = writeField
  }

  /** @param credit of the place where the text stands, if there are several */
  write(writer: ProtobufWriter, text: string, credit = this.#credit): void {
    // JavaScript callers name their spans undefined.
    const length = typeof text === 'string' ? text.length : 0
    if (length < MIN_LENGTH || length > MAX_LENGTH || !credit.spend()) {
      this.#writeField(writer, text)
      return
    }
    const hash = length * 31 + text.charCodeAt(length - 1) * 7 + text.charCodeAt(length >> 1)
    const slot = hash & (this.#slots.length - 1)
    const known = this.#slots[slot]
    if (known?.text === text) {
      credit.hit()
      writer.repeat(known.field)
      return
    }
    credit.miss()
    const mark = writer.size
    this.#writeField(writer, text)
    this.#slots[slot] = { text: ownCopy(text), field: writer.repeatableSince(mark) }
  }
}

// As a property's name a text is a copy: one that was cut out of a request of
// megabytes would keep all of it in memory. And a literal is found by identity.
function ownCopy(text: string): string {
  return Object.keys({ [text]: undefined })[0]
}

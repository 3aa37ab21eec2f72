// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'

/** Remembers by how much each trace was moved, so that its later spans move by as much. */
export interface TraceOffsets {
  /**
   * The offset of the trace whose id's 16 bytes begin at `start`; `offsetNanos`, from now on, if
   * it has none yet.
   */
  offsetOf(bytes: Uint8Array, start: number, offsetNanos: bigint): bigint
}

/**
 * Remembers the `maxTraces` traces that were asked for last, and at most twice
 * as many.
 *
 * Two generations instead of an order by use: a trace found in the old one moves
 * to the new one, and when the new one is full, the old one is dropped whole. A
 * span costs a lookup, and a trace that is still being sent is not forgotten,
 * however long it lasts and however many others come and go meanwhile.
 *
 * @param onRemembered told of each trace that comes to the new generation: who asks for the same
 *   traces again, in that order and with these offsets, has the same memory
 */
export function createTraceOffsets(
  maxTraces: number,
  onRemembered?: (bytes: Uint8Array, start: number, offsetNanos: bigint) => void,
): TraceOffsets {
  const id = new Int32Array(ID_WORDS)
  let recent = new Generation()
  let older = new Generation()
  return {
    offsetOf(bytes, start, offsetNanos) {
      for (let word = 0; word < ID_WORDS; word++) id[word] = wordAt(bytes, start + 4 * word)
      const known = recent.find(id)
      if (known !== undefined) return known
      const offset = older.find(id) ?? offsetNanos
      if (recent.size >= maxTraces) {
        // The table is used again: a new one each time would leave more than all else to collect.
        ;[older, recent] = [recent, older]
        recent.clear()
      }
      recent.add(id, offset)
      onRemembered?.(bytes, start, offset)
      return offset
    },
  }
}

const ID_WORDS = 4
const FIRST_SLOTS = 1024
/** The share of the slots that are taken before there are twice as many. */
const MAX_LOAD = 0.8
/** So that nobody can choose ids that all fall into one slot. */
const SEED = randomBytes(4).readInt32LE()

/**
 * A hash table of ids with their whole 16 bytes, open addressed, at 24 bytes a slot. A
 * `Map` of strings takes 250 bytes a trace, and making the strings takes longer than
 * finding them.
 */
class Generation {
  size = 0
  #mask = FIRST_SLOTS - 1
  #ids = new Int32Array(FIRST_SLOTS * ID_WORDS)
  #offsets: (bigint | undefined)[] = emptySlots(FIRST_SLOTS)

  find(id: Int32Array): bigint | undefined {
    return this.#offsets[this.#slotOf(id)]
  }

  /** For an id that was looked for and not found. */
  add(id: Int32Array, offset: bigint): void {
    if (this.size >= MAX_LOAD * this.#offsets.length) this.#grow()
    this.#put(id, offset)
    this.size++
  }

  clear(): void {
    this.#offsets.fill(undefined)
    this.size = 0
  }

  /** Where the id is, or would be. */
  #slotOf(id: Int32Array): number {
    let slot = hashOf(id) & this.#mask
    while (this.#offsets[slot] !== undefined && !this.#holds(slot, id)) {
      slot = (slot + 1) & this.#mask
    }
    return slot
  }

  #holds(slot: number, id: Int32Array): boolean {
    const ids = this.#ids
    const at = slot * ID_WORDS
    return (
      ids[at] === id[0] && ids[at + 1] === id[1] && ids[at + 2] === id[2] && ids[at + 3] === id[3]
    )
  }

  #put(id: Int32Array, offset: bigint): void {
    const slot = this.#slotOf(id)
    this.#offsets[slot] = offset
    this.#ids.set(id, slot * ID_WORDS)
  }

  #grow(): void {
    const ids = this.#ids
    const offsets = this.#offsets
    const slots = 2 * offsets.length
    this.#mask = slots - 1
    this.#ids = new Int32Array(slots * ID_WORDS)
    this.#offsets = emptySlots(slots)
    for (const [slot, offset] of offsets.entries()) {
      if (offset === undefined) continue
      this.#put(ids.subarray(slot * ID_WORDS, (slot + 1) * ID_WORDS), offset)
    }
  }
}

function emptySlots(slots: number): undefined[] {
  return new Array<undefined>(slots).fill(undefined)
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
}

/** As MurmurHash3 mixes its blocks. */
function hashOf(id: Int32Array): number {
  let hash = SEED
  for (let word = 0; word < ID_WORDS; word++) {
    hash ^= Math.imul(id[word], 0xcc9e2d51)
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
    hash ^= hash >>> 13
  }
  return hash
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { LookupCredit } from './encode-known-texts'
import type { ProtobufWriter } from './protobuf-writer'
import type { RepeatedBytes } from './repeated-bytes'
import * as tags from './common-tags'

// An app that puts ids into its keys must not make the memory of them grow:
// five hundred of this length are about 200 kB.
const MAX_KNOWN_KEYS = 500
const MAX_KNOWN_KEY_LENGTH = 64

/** A key that was written before. */
export interface KnownKey {
  readonly key: string
  readonly field: RepeatedBytes
  /** For texts that are the key's values. */
  readonly credit: LookupCredit
  /** The key that was written after it the last time. */
  next: KnownKey | undefined
}

const knownKeys = new Map<string, KnownKey>()
let previous: KnownKey | undefined

/**
 * Finds what is known of the key of the next attribute. Keys repeat from item to
 * item, mostly in the same order, so that a key is rather guessed from the one
 * before it than looked up.
 */
export function findKey(key: string): KnownKey | undefined {
  const guess = previous?.next
  if (guess?.key === key) return (previous = guess)
  const known = knownKeys.get(key)
  if (known) setPrevious(known)
  return known
}

/** Writes the field `key` of an attribute whose key is not known, and remembers it. */
export function writeNewKeyField(writer: ProtobufWriter, key: string): void {
  const mark = writer.size
  writer.stringField(tags.KEY, key)
  if (key.length > MAX_KNOWN_KEY_LENGTH) return
  if (knownKeys.size >= MAX_KNOWN_KEYS) {
    knownKeys.clear()
    // Keys hold on to each other.
    previous = undefined
  }
  const field = writer.repeatableSince(mark)
  const known = { key, field, credit: new LookupCredit(), next: undefined }
  knownKeys.set(key, known)
  setPrevious(known)
}

function setPrevious(known: KnownKey): void {
  if (previous) previous.next = known
  previous = known
}

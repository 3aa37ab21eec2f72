// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { WireReader, WireType } from './wire-reader'

const ATTRIBUTES = 1
const KEY = 1
const VALUE = 2
const STRING_VALUE = 1

/**
 * Adds the string values that the Resource message from `start` to `end` has for
 * an attribute to `values`; nothing when it is missing, empty or no string. A
 * resource that has several, which only a merge of requests could make, adds
 * them all.
 *
 * @param key the attribute's name, UTF-8
 * @throws MalformedOtlpError when the resource's attributes cannot be followed
 */
export function addAttributeValues(
  bytes: Uint8Array,
  start: number,
  end: number,
  key: Buffer,
  values: Set<string>,
): void {
  const reader = new WireReader(bytes, start, end)
  while (reader.next()) {
    if (reader.field === ATTRIBUTES && reader.wireType === WireType.LENGTH) {
      const outer = reader.enter()
      const value = readValueOf(key, reader)
      if (value !== '') values.add(value)
      reader.leave(outer)
    } else {
      reader.skip()
    }
  }
}

// A KeyValue: '' unless it has that key. Its value may come before its key.
function readValueOf(key: Buffer, reader: WireReader): string {
  let isWanted = false
  let value: WireReader | undefined
  while (reader.next()) {
    if (reader.wireType !== WireType.LENGTH) {
      reader.skip()
      continue
    }
    const field = reader.field
    const outer = reader.enter()
    if (field === KEY) isWanted = holdsExactly(key, reader)
    else if (field === VALUE) value = new WireReader(reader.bytes, reader.position, reader.end)
    reader.leave(outer)
  }
  return isWanted && value ? readString(value) : ''
}

function holdsExactly(key: Buffer, { bytes, position, end }: WireReader): boolean {
  return end - position === key.length && key.equals(bytes.subarray(position, end))
}

// An AnyValue, no deeper than its string: hostile ones nest without end.
function readString(value: WireReader): string {
  let text = ''
  while (value.next()) {
    if (value.field === STRING_VALUE && value.wireType === WireType.LENGTH) {
      const { buffer, byteOffset, length } = value.view()
      text = Buffer.from(buffer, byteOffset, length).toString('utf8')
    } else {
      value.skip()
    }
  }
  return text
}

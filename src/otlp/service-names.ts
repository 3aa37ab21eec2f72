// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { WireReader, WireType } from './wire-reader'

const ATTRIBUTES = 1
const KEY = 1
const VALUE = 2
const STRING_VALUE = 1

const SERVICE_NAME = Buffer.from('service.name')

/**
 * Adds the `service.name` of the Resource message from `start` to `end` to
 * `names`; nothing when it is missing, empty or no string. A resource that has
 * several, which only a merge of requests could make, adds them all.
 *
 * @throws MalformedOtlpError when the resource's attributes cannot be followed
 */
export function addServiceNames(
  bytes: Uint8Array,
  start: number,
  end: number,
  names: Set<string>,
): void {
  const reader = new WireReader(bytes, start, end)
  while (reader.next()) {
    if (reader.field === ATTRIBUTES && reader.wireType === WireType.LENGTH) {
      const outer = reader.enter()
      const name = readServiceName(reader)
      if (name !== '') names.add(name)
      reader.leave(outer)
    } else {
      reader.skip()
    }
  }
}

// A KeyValue: '' unless it is the service's name. Its value may come before its key.
function readServiceName(reader: WireReader): string {
  let isServiceName = false
  let value: WireReader | undefined
  while (reader.next()) {
    if (reader.wireType !== WireType.LENGTH) {
      reader.skip()
      continue
    }
    const field = reader.field
    const outer = reader.enter()
    if (field === KEY) isServiceName = equalsServiceName(reader)
    else if (field === VALUE) value = new WireReader(reader.bytes, reader.position, reader.end)
    reader.leave(outer)
  }
  return isServiceName && value ? readString(value) : ''
}

function equalsServiceName({ bytes, position, end }: WireReader): boolean {
  return (
    end - position === SERVICE_NAME.length && SERVICE_NAME.equals(bytes.subarray(position, end))
  )
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

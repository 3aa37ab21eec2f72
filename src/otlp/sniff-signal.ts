// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from './signal'
import { WireReader, WireType } from './wire-reader'

/**
 * The signal that a protobuf request carries, as far as its first item tells:
 * the three kinds of request have the same outer shape, so bytes of one signal
 * pass for another until an item is looked at. A span has its times in fields 7
 * and 8, a log record in 1 and 11; a metric has none of its own, but a name and
 * a submessage with its data.
 *
 * `undefined` when nothing can be told. Never throws.
 */
export function sniffSignal(body: Uint8Array): Signal | undefined {
  try {
    const reader = new WireReader(body)
    // Resource… (1) → Scope… (2) → item (2)
    return enterFirst(reader, 1) && enterFirst(reader, 2) && enterFirst(reader, 2)
      ? signalOfItem(reader)
      : undefined
  } catch {
    return undefined
  }
}

/** Goes into the first submessage of that number; false if there is none. */
function enterFirst(reader: WireReader, field: number): boolean {
  while (reader.next()) {
    if (reader.field === field && reader.wireType === WireType.LENGTH) {
      reader.enter()
      return true
    }
    reader.skip()
  }
  return false
}

const TRACE_ID_BYTES = 16
const METRIC_DATA_FIELDS = [5, 7, 9, 10, 11]

function signalOfItem(item: WireReader): Signal | undefined {
  let hasName = false
  let hasData = false
  while (item.next()) {
    const { field, wireType } = item
    if (wireType === WireType.FIXED64) {
      if (field === 7 || field === 8) return 'traces'
      if (field === 1 || field === 11) return 'logs'
    } else if (wireType === WireType.LENGTH) {
      if (field === 1) hasName = !mayBeTraceId(item)
      else if (METRIC_DATA_FIELDS.includes(field)) hasData = true
    }
    item.skip()
  }
  return hasName && hasData ? 'metrics' : undefined
}

/** A span without times has a trace id where a metric has its name. */
function mayBeTraceId({ bytes, position }: WireReader): boolean {
  return bytes[position] === 0 || bytes[position] === TRACE_ID_BYTES
}

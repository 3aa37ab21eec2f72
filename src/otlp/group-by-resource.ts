// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { addAttributeValues } from './attribute-values'
import { requestEntries } from './request-entries'
import type { Signal } from './signal'
import { WireReader, WireType } from './wire-reader'

const RESOURCE = 1

/** What of a request came from resources that have one value, or none, for an attribute. */
export interface ResourceGroup {
  /** Undefined for resources without the attribute, or with one that is no string. */
  readonly value: string | undefined
  /** A request of its own. */
  readonly body: Uint8Array
}

/**
 * Takes a request apart by the value that its resources have for an attribute:
 * whole resources with all that is theirs, byte for byte, in their order. Fields
 * of the request that are unknown stay with the resource before them.
 *
 * When all have the same value, the only group's body is the very object that
 * came in. A request without resources is a group without value.
 *
 * @param attribute the attribute's name, as `service.name`
 * @throws MalformedOtlpError when the bytes cannot be followed to the attributes
 *
 * @example
 * for (const { value, body } of groupByResource(batch.body, 'traces', 'tenant')) …
 */
export function groupByResource(
  body: Uint8Array,
  signal: Signal,
  attribute: string,
): ResourceGroup[] {
  const key = Buffer.from(attribute)
  const starts: number[] = []
  const values: (string | undefined)[] = []
  for (const { start, end } of requestEntries(body, signal)) {
    // What lies in front of the first entry goes with it.
    starts.push(starts.length === 0 ? 0 : start)
    values.push(valueIn(body, start, end, key))
  }
  if (values.every((value) => value === values[0])) return [{ value: values[0], body }]
  const runs = new Map<string | undefined, Uint8Array[]>()
  for (const [index, value] of values.entries()) {
    const run = body.subarray(starts[index], starts[index + 1])
    const known = runs.get(value)
    if (known) known.push(run)
    else runs.set(value, [run])
  }
  return [...runs].map(([value, parts]) => ({ value, body: Buffer.concat(parts) }))
}

function valueIn(bytes: Uint8Array, start: number, end: number, key: Buffer): string | undefined {
  const values = new Set<string>()
  const entry = new WireReader(bytes, start, end)
  entry.next()
  entry.enter()
  while (entry.next()) {
    if (entry.field === RESOURCE && entry.wireType === WireType.LENGTH) {
      const outer = entry.enter()
      addAttributeValues(bytes, entry.position, entry.end, key, values)
      entry.leave(outer)
    } else {
      entry.skip()
    }
  }
  const [value] = values
  return value
}

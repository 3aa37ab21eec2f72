// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import protobuf from 'protobufjs'
import type { Signal } from '../../src/otlp/signal'
import { arbitraryRequestJson, encodeRequestJson, type JsonObject } from '../support/arbitrary-otlp'

// What these tests compare with is done to a request as JSON, where it is easy to
// get right, and then encoded by protobufjs with the same unknown fields and the
// same order of fields. Equal bytes then say that nothing else was touched.

export interface SeededRequest {
  readonly json: JsonObject
  /** Encodes `json`, or a changed copy of it, with always the same unknown fields and order. */
  encode(json: JsonObject): Uint8Array
}

export function arbitrarySeededRequest(signal: Signal): fc.Arbitrary<SeededRequest> {
  return fc.tuple(arbitraryRequestJson(signal), fc.nat()).map(([json, seed]) => ({
    json,
    encode: (changed: JsonObject) =>
      encodeRequestJson(signal, changed, { unknownFields: true, anyOrder: true, seed }),
    toString: () => JSON.stringify({ json, seed }),
  }))
}

/** A copy in which every scalar that is a string, as times and ids are, is what `change` makes of it. */
export function mapScalars(
  message: JsonObject,
  change: (name: string, value: string) => string,
): JsonObject {
  const mapValue = (name: string, value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((each) => mapValue(name, each))
    if (ArrayBuffer.isView(value)) return value
    if (typeof value === 'object' && value !== null) return mapScalars(value as JsonObject, change)
    return typeof value === 'string' ? change(name, value) : value
  }
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => [name, mapValue(name, value)]),
  )
}

/** A copy in which every item (span, data point, log record) is what `change` makes of it. */
export function mapItems(
  message: JsonObject,
  change: (item: JsonObject) => JsonObject,
): JsonObject {
  const mapValue = (name: string, value: unknown): unknown => {
    if (!LEADS_TO_ITEMS.test(name)) return value
    if (!Array.isArray(value)) return mapItems(value as JsonObject, change)
    const messages = value as JsonObject[]
    return messages.map(ITEM_LISTS.test(name) ? change : (each) => mapItems(each, change))
  }
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => [name, mapValue(name, value)]),
  )
}

/** Every item of a request, in order. */
export function itemsOf(request: JsonObject): JsonObject[] {
  const items: JsonObject[] = []
  mapItems(request, (item) => {
    items.push(item)
    return item
  })
  return items
}

const ITEM_LISTS = /^(spans|dataPoints|logRecords)$/
const LEADS_TO_ITEMS =
  /^((resource|scope)(Spans|Metrics|Logs)|spans|metrics|logRecords|dataPoints|gauge|sum|histogram|exponentialHistogram|summary)$/

/** The `Resource…` entries of a request in JSON. */
export function entriesOf(request: JsonObject): JsonObject[] {
  const lists = ['resourceSpans', 'resourceMetrics', 'resourceLogs'].map((name) => request[name])
  return lists.flatMap((list) => (list ?? []) as JsonObject[])
}

/** The `service.name`s of an entry in JSON. */
export function servicesOf(entry: JsonObject): string[] {
  const resource = (entry.resource ?? {}) as { attributes?: JsonObject[] }
  return (resource.attributes ?? [])
    .filter(({ key }) => key === 'service.name')
    .map(({ value }) => ((value ?? {}) as JsonObject).stringValue as string)
    .filter(Boolean)
}

/** The fields of a message, each with its tag, as protobufjs steps over them. */
export function fieldsOf(bytes: Uint8Array): { number: number; bytes: Uint8Array }[] {
  const reader = protobuf.Reader.create(bytes)
  const fields = []
  while (reader.pos < reader.len) {
    const start = reader.pos
    const tag = reader.uint32()
    reader.skipType(tag & 7)
    fields.push({ number: tag >>> 3, bytes: bytes.subarray(start, reader.pos) })
  }
  return fields
}

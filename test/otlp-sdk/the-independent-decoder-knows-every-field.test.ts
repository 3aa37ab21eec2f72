// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type protobuf from 'protobufjs'
import { REQUEST_SHAPES, type FieldShape, type MessageShape } from '../../src/otlp/schema'
import { SIGNALS } from '../../src/otlp/signal'
import {
  decodeIndependently,
  encodeIndependently,
  requestType,
} from '../support/independent-decoder'

const PROTO_TYPES: Partial<Record<FieldShape['kind'], string>> = {
  time: 'fixed64',
  traceId: 'bytes',
  spanId: 'bytes',
}

describe.each(SIGNALS)('the schema of %s', (signal) => {
  test('agrees with the .proto files, field by field', () => {
    const seen = new Set<string>()
    compare(REQUEST_SHAPES[signal], requestType(signal), seen)
    expect(seen.size).toBeGreaterThan(8)
  })
})

test('what it encodes it decodes, 64 bits and new fields included', () => {
  const request = {
    resourceLogs: [
      {
        resource: { entityRefs: [{ type: 'host', idKeys: ['host.id'] }] },
        scopeLogs: [
          { logRecords: [{ timeUnixNano: '18446744073709551615', eventName: 'user.login' }] },
        ],
      },
    ],
  }
  expect(decodeIndependently('logs', encodeIndependently('logs', request))).toEqual(request)
})

function compare(shape: MessageShape, type: protobuf.Type, seen: Set<string>): void {
  if (seen.has(shape.name)) return
  seen.add(shape.name)
  for (const field of shape.fields) {
    const theirs = type.fields[field.jsonName]?.resolve()
    expect(`${shape.name}.${field.jsonName} ${theirs?.id} ${theirs?.repeated}`).toBe(
      `${shape.name}.${field.jsonName} ${field.number} ${field.repeated}`,
    )
    if (field.message) compare(field.message, theirs.resolvedType as protobuf.Type, seen)
    else if (field.kind !== 'enum') {
      expect(theirs.type).toBe(PROTO_TYPES[field.kind] ?? field.kind)
    }
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import protobuf from 'protobufjs'
import { requestMapping, type MessageMapping } from '../../src/otlp/json-mapping'
import { SIGNALS } from '../../src/otlp/signal'
import { requestType } from '../support/independent-decoder'

test.each(SIGNALS)('%s', (signal) => {
  const seen = new Set<MessageMapping>()
  compare(requestMapping(signal), requestType(signal), seen)
  expect(seen.size).toBeGreaterThan(8)
})

function compare(mapping: MessageMapping, type: protobuf.Type, seen: Set<MessageMapping>): void {
  if (seen.has(mapping)) return
  seen.add(mapping)
  for (const field of mapping.byNumber) {
    if (field === undefined) continue
    const { resolvedType, partOf, repeated } = type.fields[field.jsonName].resolve()
    const isMessage = resolvedType instanceof protobuf.Type
    // For protobufjs an `optional` field is a oneof with one member.
    const others = partOf?.oneof.filter((name) => name !== field.jsonName) ?? []
    expect({
      name: `${type.name}.${field.jsonName}`,
      rivals: field.rivals.map((rival) => rival.jsonName).sort(),
      hasPresence: field.hasPresence,
    }).toEqual({
      name: `${type.name}.${field.jsonName}`,
      rivals: others.sort(),
      hasPresence: !repeated && (isMessage || partOf !== null),
    })
    if (isMessage && field.message) compare(field.message, resolvedType, seen)
  }
}

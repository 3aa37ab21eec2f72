// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { REQUEST_SHAPES, type MessageShape } from '../../src/otlp/schema'
import { SIGNALS } from '../../src/otlp/signal'
import { arbitraryRequestJson, encodeRequestJson, type JsonObject } from '../support/arbitrary-otlp'
import { independentJson } from './independent-json'

describe.each(SIGNALS)('arbitrary %s', (signal) => {
  test('say in protobuf what they say in JSON, whatever lies in between', () => {
    const request = fc.tuple(arbitraryRequestJson(signal), fc.nat(), fc.boolean(), fc.boolean())
    fc.assert(
      fc.property(request, ([json, seed, unknownFields, anyOrder]) => {
        const bytes = encodeRequestJson(signal, json, { seed, unknownFields, anyOrder })
        expect(independentJson(signal, bytes)).toEqual(json)
      }),
    )
  })

  test('reach every field of the schema', () => {
    const reached = new Set<string>()
    for (const json of fc.sample(arbitraryRequestJson(signal), { numRuns: 500, seed: 1 })) {
      collectFields(REQUEST_SHAPES[signal], json, reached)
    }
    const all = new Set<string>()
    collectSchema(REQUEST_SHAPES[signal], all)
    expect([...all].filter((field) => !reached.has(field))).toEqual([])
  })
})

function collectFields(shape: MessageShape, json: JsonObject, into: Set<string>): void {
  for (const field of shape.fields) {
    const value = json[field.jsonName]
    if (value === undefined) continue
    into.add(`${shape.name}.${field.jsonName}`)
    if (!field.message) continue
    for (const item of field.repeated ? (value as JsonObject[]) : [value as JsonObject]) {
      collectFields(field.message, item, into)
    }
  }
}

function collectSchema(shape: MessageShape, into: Set<string>): void {
  for (const field of shape.fields) {
    const name = `${shape.name}.${field.jsonName}`
    if (into.has(name)) continue
    into.add(name)
    if (field.message) collectSchema(field.message, into)
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { requestFromJson } from '../../src/otlp/json-to-protobuf'
import { requestToJson } from '../../src/otlp/protobuf-to-json'
import { SIGNALS } from '../../src/otlp/signal'
import { arbitraryRequestJson, encodeRequestJson } from '../support/arbitrary-otlp'
import { respelledJson } from './respelled-json'

describe.each(SIGNALS)('%s', (signal) => {
  test('are encoded byte for byte as protobufjs encodes them', () => {
    fc.assert(
      fc.property(arbitraryRequestJson(signal), (json) => {
        const expected = encodeRequestJson(signal, json)
        expect(hexOf(requestFromJson(json, signal))).toBe(hexOf(expected))
      }),
      { numRuns: 300 },
    )
  })

  test('are the same bytes however a sender spells them', () => {
    fc.assert(
      fc.property(arbitraryRequestJson(signal), fc.nat(), (json, seed) => {
        const text = JSON.stringify(respelledJson(signal, json, seed))
        const respelled = requestFromJson(JSON.parse(text), signal)
        expect(hexOf(respelled)).toBe(hexOf(requestFromJson(json, signal)))
      }),
      { numRuns: 300 },
    )
  })

  test('come back from protobuf as what they were', () => {
    fc.assert(
      fc.property(arbitraryRequestJson(signal), (json) => {
        expect(requestToJson(requestFromJson(json, signal), signal)).toEqual(json)
      }),
      { numRuns: 300 },
    )
  })
})

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

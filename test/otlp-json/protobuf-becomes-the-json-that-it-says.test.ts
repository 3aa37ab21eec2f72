// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { requestFromJson } from '../../src/otlp/json-to-protobuf'
import { requestToJson } from '../../src/otlp/protobuf-to-json'
import { SIGNALS } from '../../src/otlp/signal'
import {
  arbitraryRequestBytes,
  arbitraryRequestJson,
  encodeRequestJson,
} from '../support/arbitrary-otlp'

describe.each(SIGNALS)('%s', (signal) => {
  test('say the same in any order, packed or not, with unknown fields in between', () => {
    fc.assert(
      fc.property(arbitraryRequestJson(signal), fc.nat(), (json, seed) => {
        const options = { seed, unknownFields: true, anyOrder: true }
        expect(requestToJson(encodeRequestJson(signal, json, options), signal)).toEqual(json)
      }),
      { numRuns: 300 },
    )
  })

  test('are the same bytes after each way through JSON', () => {
    fc.assert(
      fc.property(
        arbitraryRequestBytes(signal, { unknownFields: true, anyOrder: true }),
        (bytes) => {
          const once = throughJsonText(bytes)
          expect(Buffer.compare(throughJsonText(once), once)).toBe(0)
        },
      ),
    )
  })

  function throughJsonText(bytes: Uint8Array): Uint8Array {
    return requestFromJson(JSON.parse(JSON.stringify(requestToJson(bytes, signal))), signal)
  }
})

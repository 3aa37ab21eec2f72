// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { status } from '@grpc/grpc-js'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { grpcRetryDelay } from '../../src/transport/grpc-retry-delay'
import { statusWithRetryInfo } from './grpc-target'

function detailsOf(delayMillis: number): Uint8Array {
  const { metadata } = statusWithRetryInfo(status.UNAVAILABLE, delayMillis)
  return metadata?.get('grpc-status-details-bin')[0] as Buffer
}

/** A status with one detail of a type. */
function statusWith(typeUrl: string, value: Uint8Array): Uint8Array {
  const any = protobuf.Writer.create().uint32(10).string(typeUrl).uint32(18).bytes(value).finish()
  return protobuf.Writer.create().uint32(8).int32(14).uint32(26).bytes(any).finish()
}

test('whatever the delay', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), (millis) => {
      expect(grpcRetryDelay(detailsOf(millis))).toBeCloseTo(millis, 3)
    }),
  )
})

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'
const negative = protobuf.Writer.create().uint32(10).fork().uint32(8).int64(-5).ldelim().finish()

test.each<[string, Uint8Array, number | undefined]>([
  ['nothing', new Uint8Array(), undefined],
  ['a status without details', Uint8Array.from([8, 14]), undefined],
  [
    'a detail of another type',
    statusWith('type.googleapis.com/google.rpc.Help', negative),
    undefined,
  ],
  ['a RetryInfo without a delay', statusWith(RETRY_INFO, new Uint8Array()), 0],
  ['a negative delay', statusWith(RETRY_INFO, negative), 0],
  ['a RetryInfo that is broken', statusWith(RETRY_INFO, Uint8Array.from([10, 99])), undefined],
  ['a status that is cut short', detailsOf(1_000).subarray(0, -3), undefined],
])('%s', (_name, details, expected) => {
  expect(grpcRetryDelay(details)).toBe(expected)
})

test('arbitrary bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(['number', 'undefined']).toContain(typeof grpcRetryDelay(bytes))
    }),
  )
})

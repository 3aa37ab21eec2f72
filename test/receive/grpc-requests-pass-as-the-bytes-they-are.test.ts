// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { compressionAlgorithms } from '@grpc/grpc-js'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { SIGNALS } from '../../src/otlp/signal'
import { arbitraryRequestBytes } from '../support/arbitrary-otlp'
import { errorOf, exportBytes, ONE_SPAN, startTestGrpc } from './grpc-fixture'
import { createTestIntake } from './http-fixture'

const { identity, deflate, gzip } = compressionAlgorithms

// Written down from the specification, as the oracle.
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Partial { int64 rejected = 1; string error_message = 2; }
  message Response { Partial partial_success = 1; }
`)

describe.each(SIGNALS)('%s', (signal) => {
  test.each([
    ['plain', identity],
    ['in gzip', gzip],
    ['in deflate', deflate],
  ])('come %s as they were sent', async (_name, coding) => {
    const intake = createTestIntake()
    await using grpc = await startTestGrpc({ intake })
    const client = grpc.connect(coding)
    await fc.assert(
      fc.asyncProperty(arbitraryRequestBytes(signal), async (body) => {
        intake.taken.length = 0
        const answer = await exportBytes(client, signal, body)
        expect(answer).toHaveLength(0)
        expect(intake.taken).toHaveLength(1)
        expect(intake.taken[0].signal).toBe(signal)
        expect(Buffer.compare(intake.taken[0].body, body)).toBe(0)
      }),
      { numRuns: 30 },
    )
    expect(grpc.budget.usedBytes).toBe(0)
    expect(grpc.refused).toEqual([])
  })

  test('may be empty', async () => {
    const intake = createTestIntake()
    await using grpc = await startTestGrpc({ intake })
    expect(await exportBytes(grpc.connect(), signal, Buffer.alloc(0))).toHaveLength(0)
    expect(intake.taken).toEqual([{ signal, body: Buffer.alloc(0) }])
  })
})

test('the sender is told what was not taken of a request', async () => {
  const intake = createTestIntake({ rejectedItems: 2 ** 33, message: 'no “session” — closed' })
  await using grpc = await startTestGrpc({ intake })
  const answer = await exportBytes(grpc.connect(), 'traces', ONE_SPAN)
  const response = root.lookupType('Response')
  expect(response.toObject(response.decode(answer), { longs: Number })).toEqual({
    partialSuccess: { rejected: 2 ** 33, errorMessage: 'no “session” — closed' },
  })
})

test('many requests at once keep their own bytes', async () => {
  const intake = createTestIntake()
  await using grpc = await startTestGrpc({ intake })
  const client = grpc.connect(gzip)
  const bodies = fc.sample(arbitraryRequestBytes('logs'), { numRuns: 300, seed: 5 })
  await Promise.all(bodies.map((body) => exportBytes(client, 'logs', body)))
  const hex = (list: readonly Uint8Array[]) =>
    list.map((b) => Buffer.from(b).toString('hex')).sort()
  expect(hex(intake.taken.map(({ body }) => body))).toEqual(hex(bodies))
  expect(grpc.budget.usedBytes).toBe(0)
})

test('a message is taken up to the limit, and none beyond, before and after inflating', async () => {
  const intake = createTestIntake()
  const limit = 100_000
  await using grpc = await startTestGrpc({ intake, maxRequestBytes: limit })
  // An unknown field that fills the message: its tag and length take five bytes.
  const filled = (size: number) => {
    const body = Buffer.alloc(size, 'x')
    // Tag of field 100 (0xa2 0x06), length as a varint of three bytes.
    const length = size - 5
    body.set([0xa2, 0x06, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14])
    return body
  }
  for (const coding of [identity, gzip]) {
    const client = grpc.connect(coding)
    await exportBytes(client, 'traces', filled(limit))
    const error = await errorOf(exportBytes(client, 'traces', filled(limit + 1)))
    expect(error.code).toBe(8)
    expect(error.details).toContain('larger than')
    await exportBytes(client, 'traces', ONE_SPAN)
  }
  expect(grpc.refused).toEqual(['RESOURCE_EXHAUSTED', 'RESOURCE_EXHAUSTED'])
  expect(intake.taken).toHaveLength(4)
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { status } from '@grpc/grpc-js'
import type { RejectedBatch } from '../../src/replay/batch-sink'
import { otlpGrpcSink } from '../../src/replay/otlp-grpc-sink'
import { otlpHttpSink } from '../../src/replay/otlp-http-sink'
import type { OtlpBatch } from '../../src/otlp/otlp-batch'
import { openTarget } from '../replay/otlp-target'
import { makeBatch } from '../support/recording'
import { openGrpcTarget, partialSuccess, taken } from './grpc-target'

const MiB = 1024 * 1024

/** One request of several resources, each with one log record of about so many bytes. */
function largeBatch(...sizes: number[]): OtlpBatch {
  const bodies = sizes.map((size) => makeBatch('logs', { names: ['x'.repeat(size)] }).body)
  return { signal: 'logs', body: Buffer.concat(bodies), capturedAtUnixNano: 0n }
}

const TEN = largeBatch(...Array<number>(10).fill(MiB))

async function send(batch: OtlpBatch, targetEndpoint: string): Promise<RejectedBatch[]> {
  const rejected: RejectedBatch[] = []
  const sink = otlpGrpcSink({ targetEndpoint, onRejected: (refusal) => rejected.push(refusal) })
  await pipeline(Readable.from([batch]), sink)
  return rejected
}

test('each fits into what a receiver takes by default, and laid end to end they are the batch', async () => {
  await using target = await openGrpcTarget()
  expect(await send(TEN, target.url)).toEqual([])
  expect(target.requests).toHaveLength(4)
  expect(Buffer.concat(target.requests.map(({ body }) => body)).equals(TEN.body)).toBe(true)
})

test('what is refused of the parts adds up', async () => {
  await using target = await openGrpcTarget((_request, number) => {
    if (number === 0) return { code: status.INVALID_ARGUMENT, details: 'no' }
    return number === 2 ? partialSuccess(99, 'not these') : taken
  })
  expect(await send(TEN, target.url)).toEqual([
    {
      signal: 'logs',
      itemCount: 6,
      message: expect.stringMatching(/INVALID_ARGUMENT: no; .* partially: not these/) as string,
    },
  ])
  expect(target.requests).toHaveLength(4)
})

test('a resource that is too large alone is refused alone', async () => {
  await using target = await openGrpcTarget()
  expect(await send(largeBatch(MiB, 5 * MiB, MiB), target.url)).toEqual([
    {
      signal: 'logs',
      itemCount: 1,
      message: expect.stringContaining('answered RESOURCE_EXHAUSTED') as string,
    },
  ])
  expect(target.requests).toHaveLength(2)
})

test('bytes that are no request go as they are', async () => {
  await using target = await openGrpcTarget(undefined, { maxMessageBytes: 16 * MiB })
  const body = Buffer.alloc(5 * MiB, 0xff)
  expect(await send({ signal: 'logs', body, capturedAtUnixNano: 0n }, target.url)).toEqual([])
  expect(target.requests.map((request) => request.body.equals(body))).toEqual([true])
})

test('over HTTP it goes in one', async () => {
  await using target = await openTarget()
  await pipeline(Readable.from([TEN]), otlpHttpSink({ targetEndpoint: target.url }))
  expect(target.requests).toHaveLength(1)
})

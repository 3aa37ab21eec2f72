// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { DiagLogLevel } from '@opentelemetry/api'
import protobuf from 'protobufjs'
import { MalformedOtlpError } from '../../src/otlp/malformed-otlp-error'
import { UnavailableError, type Intake, type IntakeResult } from '../../src/receive/intake'
import { collectWarnings } from '../support/collect-warnings'
import { errorOf, exportBytes, ONE_SPAN, startTestGrpc } from './grpc-fixture'
import { ALL_TAKEN } from './http-fixture'

// google/rpc/status.proto and error_details.proto, as the oracle.
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Any { string type_url = 1; bytes value = 2; }
  message RetryInfo { Duration retry_delay = 1; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
`)

test('an intake that is unavailable says when, in every way that senders read', async () => {
  await using grpc = await startTestGrpc({
    intake: failing(new UnavailableError('the store is down – wait', 17)),
  })
  const error = await errorOf(exportBytes(grpc.connect(), 'metrics', Buffer.alloc(0)))
  expect(error).toMatchObject({ code: 14, details: 'the store is down – wait' })
  expect(error.metadata.get('retry-after')).toEqual(['17'])
  expect(retryStatusIn(error.metadata.get('grpc-status-details-bin')[0])).toEqual({
    code: 14,
    message: 'the store is down – wait',
    retryAfterSeconds: 17,
  })
  expect(grpc.refused).toEqual(['UNAVAILABLE'])
  expect(grpc.budget.usedBytes).toBe(0)
})

test('what finds no room in the budget is refused, and taken when there is room again', async () => {
  const intake = new HeldIntake()
  const maxBudgetBytes = ONE_SPAN.length * 2.5
  await using grpc = await startTestGrpc({ intake, maxBudgetBytes })
  const client = grpc.connect()
  const waiting = [exportBytes(client, 'traces', ONE_SPAN), exportBytes(client, 'traces', ONE_SPAN)]
  await intake.untilHeld(2)
  expect(grpc.budget.usedBytes).toBe(2 * ONE_SPAN.length)
  const error = await errorOf(exportBytes(client, 'traces', ONE_SPAN))
  expect(error.code).toBe(14)
  expect(retryStatusIn(error.metadata.get('grpc-status-details-bin')[0])).toMatchObject({
    retryAfterSeconds: 1,
  })
  intake.release()
  await Promise.all(waiting)
  expect(grpc.budget.usedBytes).toBe(0)
  const next = exportBytes(client, 'traces', ONE_SPAN)
  await intake.untilHeld(1)
  intake.release()
  await next
  expect(grpc.refused).toEqual(['UNAVAILABLE'])
})

test('with the budget used up a request is refused before it has come', async () => {
  const intake = new HeldIntake()
  await using grpc = await startTestGrpc({ intake, maxBudgetBytes: ONE_SPAN.length })
  const waiting = exportBytes(grpc.connect(), 'traces', ONE_SPAN)
  await intake.untilHeld(1)
  // A client stream sends its headers and no message: the answer needs none.
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
  const plain = (bytes: Buffer): Buffer => bytes
  const error = await new Promise<Error | null>((resolve) => {
    grpc.connect().makeClientStreamRequest(path, plain, plain, (failure) => resolve(failure))
  })
  expect(error).toMatchObject({ code: 14 })
  intake.release()
  await waiting
})

test('what is malformed is told why, and not to come again', async () => {
  const message = 'a span \ud800 is broken'
  await using grpc = await startTestGrpc({ intake: failing(new MalformedOtlpError(message, 12)) })
  const error = await errorOf(exportBytes(grpc.connect(), 'traces', ONE_SPAN))
  expect(error).toMatchObject({ code: 3, details: 'a span \ufffd is broken (at byte 12)' })
  expect(error.metadata.get('grpc-status-details-bin')).toEqual([])
  expect(grpc.refused).toEqual(['INVALID_ARGUMENT'])
})

test('our own failure is told to us, and not to the sender', async () => {
  using logged = collectWarnings(DiagLogLevel.ERROR)
  await using grpc = await startTestGrpc({ intake: failing(new Error('secret bucket name')) })
  const error = await errorOf(exportBytes(grpc.connect(), 'traces', ONE_SPAN))
  expect(error).toMatchObject({ code: 13, details: 'internal error' })
  expect(String(logged.lines)).toContain('secret bucket name')
  expect(grpc.refused).toEqual(['INTERNAL'])
  expect(grpc.budget.usedBytes).toBe(0)
})

function failing(error: Error): Intake {
  return { take: () => Promise.reject(error) }
}

/** Keeps every request waiting until it is released. */
class HeldIntake implements Intake {
  #held: ((result: IntakeResult) => void)[] = []
  #onHeld = () => {}

  take(): Promise<IntakeResult> {
    return new Promise((resolve) => {
      this.#held.push(resolve)
      this.#onHeld()
    })
  }

  async untilHeld(count: number): Promise<void> {
    while (this.#held.length < count) {
      await new Promise<void>((resolve) => (this.#onHeld = resolve))
    }
  }

  release(): void {
    for (const resolve of this.#held.splice(0)) resolve(ALL_TAKEN)
  }
}

interface DecodedStatus {
  code: number
  message: string
  details: { typeUrl: string; value: Uint8Array }[]
}

function retryStatusIn(details: string | Buffer) {
  // Shapes are those declared above.
  const decode = <T>(name: string, bytes: Uint8Array) => {
    const type = root.lookupType(name)
    return type.toObject(type.decode(bytes), { longs: Number }) as T
  }
  const status = decode<DecodedStatus>('Status', Buffer.from(details))
  expect(status.details).toHaveLength(1)
  expect(status.details[0].typeUrl).toBe('type.googleapis.com/google.rpc.RetryInfo')
  const retry = decode<{ retryDelay: { seconds: number } }>('RetryInfo', status.details[0].value)
  const { code, message } = status
  return { code, message, retryAfterSeconds: retry.retryDelay.seconds }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { DiagLogLevel } from '@opentelemetry/api'
import protobuf from 'protobufjs'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import { UnavailableError, type IntakeResult } from '../../src/receive/intake'
import { collectWarnings } from '../support/collect-warnings'
import { ALL_TAKEN, JSON_TYPE, PROTOBUF, readStatus, startTestEndpoint } from './http-fixture'
import { rawRequest, type HttpAnswer } from './http-fixture'

// The part of opentelemetry-proto's services that these answers are made of.
const { root } = protobuf.parse(`syntax = "proto3";
  message TracesResponse { PartialTraces partialSuccess = 1; }
  message PartialTraces { int64 rejectedSpans = 1; string errorMessage = 2; }
  message MetricsResponse { PartialMetrics partialSuccess = 1; }
  message PartialMetrics { int64 rejectedDataPoints = 1; string errorMessage = 2; }
  message LogsResponse { PartialLogs partialSuccess = 1; }
  message PartialLogs { int64 rejectedLogRecords = 1; string errorMessage = 2; }`)
const RESPONSES: Record<Signal, protobuf.Type> = {
  traces: root.lookupType('TracesResponse'),
  metrics: root.lookupType('MetricsResponse'),
  logs: root.lookupType('LogsResponse'),
}
const REJECTED: Record<Signal, string> = {
  traces: 'rejectedSpans',
  metrics: 'rejectedDataPoints',
  logs: 'rejectedLogRecords',
}

/** What a sender gets when that becomes of its request. */
async function answerTo(
  outcome: () => Promise<IntakeResult>,
  type: string,
  signal: Signal = 'traces',
): Promise<{ answer: HttpAnswer; refused: (number | string)[] }> {
  await using receiver = await startTestEndpoint({ intake: { take: outcome } })
  const connection = await receiver.connect()
  const body = type === JSON_TYPE ? '{}' : ''
  connection.send(rawRequest({ type, path: `/v1/${signal}`, body }))
  const answer = await connection.answer()
  expect(receiver.budget.usedBytes).toBe(0)
  connection.send(rawRequest({ type, path: `/v1/${signal}`, body }))
  expect((await connection.answer()).status).toBe(answer.status)
  return { answer, refused: receiver.refused.slice(0, 1) }
}

describe.each(SIGNALS)('%s', (signal) => {
  const partial = { rejectedItems: 3_000_000_000, message: 'no room for „those“' }
  const expected = {
    partialSuccess: { [REJECTED[signal]]: '3000000000', errorMessage: partial.message },
  }

  test('taken in part: a partial success in protobuf', async () => {
    const { answer, refused } = await answerTo(async () => partial, PROTOBUF, signal)
    expect([answer.status, answer.headers['content-type'], refused]).toEqual([200, PROTOBUF, []])
    const type = RESPONSES[signal]
    expect(type.toObject(type.decode(answer.body), { longs: String })).toEqual(expected)
  })

  test('taken in part: a partial success in JSON', async () => {
    const { answer } = await answerTo(async () => partial, JSON_TYPE, signal)
    expect([answer.status, answer.headers['content-type']]).toEqual([200, JSON_TYPE])
    expect(JSON.parse(String(answer.body))).toEqual(expected)
  })

  test('taken as a whole: an empty response, with its length', async () => {
    const { answer } = await answerTo(async () => ALL_TAKEN, PROTOBUF, signal)
    expect([answer.status, answer.headers['content-length']]).toEqual([200, '0'])
    const inJson = (await answerTo(async () => ALL_TAKEN, JSON_TYPE, signal)).answer
    expect([inJson.headers['content-length'], String(inJson.body)]).toEqual(['2', '{}'])
  })
})

describe.each([PROTOBUF, JSON_TYPE])('in %s', (type) => {
  test('not now: 503, and when to come again', async () => {
    const unavailable = async () => {
      throw new UnavailableError('the store is down', 7)
    }
    const { answer, refused } = await answerTo(unavailable, type)
    expect([answer.status, answer.headers['retry-after'], refused]).toEqual([503, '7', [503]])
    expect(readStatus(answer)).toEqual({
      code: 14,
      message: 'the store is down',
      retryAfterSeconds: 7,
    })
  })

  test('our own failure: 500, the reason is for our log and not for the sender', async () => {
    using errors = collectWarnings(DiagLogLevel.ERROR)
    const broken = async () => {
      throw new Error('ENOSPC: /var/lib/secret-folder')
    }
    const { answer, refused } = await answerTo(broken, type)
    expect([answer.status, answer.headers['retry-after'], refused]).toEqual([500, undefined, [500]])
    expect(readStatus(answer)).toEqual({ code: 13, message: 'internal error' })
    expect(errors.lines[0]).toContain('ENOSPC: /var/lib/secret-folder')
  })

  test('thrown at once and not an error at all: 500', async () => {
    const { answer } = await answerTo(() => {
      throw new TypeError('x is not a function')
    }, type)
    expect(readStatus(answer)).toEqual({ code: 13, message: 'internal error' })
  })
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../otlp/signal'
import { writeMessage } from '../otlp/protobuf-writer'
import type { HttpRefusal } from './http-refusal'
import type { IntakeResult } from './intake'
import { encodeRpcStatus, rpcStatusToJson } from './rpc-status'

const MEDIA_TYPES = ['application/x-protobuf', 'application/protobuf', 'application/json'] as const

/** What OTLP/HTTP requests are written in, and the answers to them. */
export type MediaType = (typeof MEDIA_TYPES)[number]

/** The media type in a `Content-Type`, whatever its parameters; undefined if it is none of OTLP's. */
export function mediaTypeOf(contentType: string | undefined): MediaType | undefined {
  const essence = contentType?.split(';', 1)[0].trim().toLowerCase()
  return MEDIA_TYPES.find((known) => known === essence)
}

/** What a request is answered, before it is on the wire. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** The answer to a request that was taken: an `Export…ServiceResponse`. */
export function takenAnswer(signal: Signal, result: IntakeResult, type: MediaType): HttpAnswer {
  if (type === 'application/json') {
    return answer(200, type, Buffer.from(JSON.stringify(responseInJson(signal, result))))
  }
  return answer(200, type, result.rejectedItems > 0 ? encodePartialSuccess(result) : EMPTY)
}

/** The answer to a request that was not: a `google.rpc.Status`. */
export function refusedAnswer(refusal: HttpRefusal, type: MediaType): HttpAnswer {
  const { rpcStatus, status, retryAfterSeconds } = refusal
  const body =
    type === 'application/json'
      ? Buffer.from(JSON.stringify(rpcStatusToJson(rpcStatus)))
      : encodeRpcStatus(rpcStatus)
  const headers: Record<string, string> = {}
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  if (status === 405) headers.allow = 'POST'
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds)
  return answer(status, type, body, headers)
}

const EMPTY = new Uint8Array()

function answer(
  status: number,
  type: MediaType,
  body: Uint8Array,
  headers: Record<string, string> = {},
): HttpAnswer {
  // The length, as Node would send even an empty body in chunks.
  const contentLength = String(body.length)
  return {
    status,
    headers: { ...headers, 'content-type': type, 'content-length': contentLength },
    body,
  }
}

const REJECTED_IN_JSON: Readonly<Record<Signal, string>> = {
  traces: 'rejectedSpans',
  metrics: 'rejectedDataPoints',
  logs: 'rejectedLogRecords',
}

// OTLP wants partial_success absent when all was taken.
function responseInJson(signal: Signal, { rejectedItems, message }: IntakeResult): object {
  if (rejectedItems === 0) return {}
  // 64-bit integers are strings in protobuf's JSON mapping.
  const rejected = { [REJECTED_IN_JSON[signal]]: String(rejectedItems) }
  return { partialSuccess: { ...rejected, errorMessage: message } }
}

// The three responses have the same fields under different names.
const PARTIAL_SUCCESS = 0x0a
const REJECTED_ITEMS = 0x08
const ERROR_MESSAGE = 0x12

function encodePartialSuccess({ rejectedItems, message }: IntakeResult): Uint8Array {
  // From the end to the beginning.
  return writeMessage((writer) => {
    writer.stringField(ERROR_MESSAGE, message)
    writer.int64Field(REJECTED_ITEMS, rejectedItems)
    writer.messageField(PARTIAL_SUCCESS, 0)
  })
}

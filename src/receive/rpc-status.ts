// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { writeMessage } from '../otlp/protobuf-writer'

/** The gRPC status codes that a receiver answers with. */
export const RPC_CODE = Object.freeze({
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
})

/** A `google.rpc.Status`: what OTLP puts into the answer to a request that was refused. */
export interface RpcStatus {
  readonly code: number
  /** For the people who run the sender. */
  readonly message: string
  /** When to come again; becomes a `google.rpc.RetryInfo` among the details. */
  readonly retryAfterSeconds?: number
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'

// Field numbers as the tags that stand before them; all but `code` and `seconds` are
// length-delimited.
const STATUS = { code: 0x08, message: 0x12, details: 0x1a }
const ANY = { typeUrl: 0x0a, value: 0x12 }
const RETRY_DELAY = 0x0a
const DURATION_SECONDS = 0x08

export function encodeRpcStatus(status: RpcStatus): Uint8Array {
  const { code, message, retryAfterSeconds } = status
  // The writer writes from the end to the beginning.
  return writeMessage((writer) => {
    if (retryAfterSeconds !== undefined) {
      writer.varintField(DURATION_SECONDS, retryAfterSeconds)
      writer.messageField(RETRY_DELAY, 0)
      writer.messageField(ANY.value, 0)
      writer.stringField(ANY.typeUrl, RETRY_INFO)
      writer.messageField(STATUS.details, 0)
    }
    writer.stringField(STATUS.message, message)
    writer.varintField(STATUS.code, code)
  })
}

/** The same in protobuf's JSON mapping. */
export function rpcStatusToJson({ code, message, retryAfterSeconds }: RpcStatus): object {
  if (retryAfterSeconds === undefined) return { code, message }
  return { code, message, details: [{ '@type': RETRY_INFO, retryDelay: `${retryAfterSeconds}s` }] }
}

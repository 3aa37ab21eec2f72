// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import { UnavailableError } from './intake'
import { RPC_CODE, type RpcStatus } from './rpc-status'

/** The statuses, other than 200, that OTLP/HTTP requests are answered with. */
export type RefusalStatus = 400 | 401 | 404 | 405 | 413 | 415 | 500 | 503

const CODES: Readonly<Record<RefusalStatus, number>> = {
  400: RPC_CODE.INVALID_ARGUMENT,
  401: RPC_CODE.UNAUTHENTICATED,
  404: RPC_CODE.NOT_FOUND,
  405: RPC_CODE.UNIMPLEMENTED,
  413: RPC_CODE.RESOURCE_EXHAUSTED,
  415: RPC_CODE.INVALID_ARGUMENT,
  500: RPC_CODE.INTERNAL,
  503: RPC_CODE.UNAVAILABLE,
}

/** Thrown where a request turns out to be one that is not taken. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal'

  constructor(
    readonly status: RefusalStatus,
    message: string,
    readonly retryAfterSeconds?: number,
  ) {
    super(message)
  }

  get rpcStatus(): RpcStatus {
    const { status, message, retryAfterSeconds } = this
    return { code: CODES[status], message, retryAfterSeconds }
  }
}

/** What the sender is told of an error; undefined if it was our own, which is none of its business. */
export function toHttpRefusal(error: unknown): HttpRefusal | undefined {
  if (error instanceof HttpRefusal) return error
  if (error instanceof MalformedOtlpError) return new HttpRefusal(400, error.message)
  if (error instanceof UnavailableError) {
    return new HttpRefusal(503, error.message, error.retryAfterSeconds)
  }
  return undefined
}

export function unauthenticated(): HttpRefusal {
  return new HttpRefusal(401, 'this receiver wants a token of its own: authorization: Bearer …')
}

export function tooLarge(maxRequestBytes: number, asWhat: string): HttpRefusal {
  const message = `the request is larger than the ${maxRequestBytes} bytes allowed ${asWhat}`
  return new HttpRefusal(413, message)
}

export function noRoom(): HttpRefusal {
  return new HttpRefusal(503, 'too many requests are waiting to be stored, come again later', 1)
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { StatusObject } from '@grpc/grpc-js'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import { UnavailableError } from './intake'
import { encodeRpcStatus, RPC_CODE } from './rpc-status'

/** What a sender is told of an error; of one that is our own, no more than that it is. */
export function toCallStatus(error: unknown): StatusObject {
  const { Metadata } = require('@grpc/grpc-js') as typeof import('@grpc/grpc-js')
  const metadata = new Metadata()
  if (error instanceof MalformedOtlpError) {
    return { code: RPC_CODE.INVALID_ARGUMENT, details: wellFormed(error.message), metadata }
  }
  if (error instanceof UnavailableError) {
    const { retryAfterSeconds } = error
    const code = RPC_CODE.UNAVAILABLE
    const details = wellFormed(error.message)
    const status = encodeRpcStatus({ code, message: details, retryAfterSeconds })
    metadata.set('grpc-status-details-bin', Buffer.from(status))
    metadata.set('retry-after', String(retryAfterSeconds))
    return { code, details, metadata }
  }
  return { code: RPC_CODE.INTERNAL, details: 'internal error', metadata }
}

/** The budget is used up. */
export function noRoom(): UnavailableError {
  return new UnavailableError('too many requests are waiting to be stored, come again later', 1)
}

/** `UNAVAILABLE` for 14. */
export function statusName(code: number | null | undefined): string {
  const { status } = require('@grpc/grpc-js') as typeof import('@grpc/grpc-js')
  return status[code ?? status.UNKNOWN] ?? String(code)
}

/** Without surrogates that have no partner: a message with one could not be sent at all. */
function wellFormed(message: string): string {
  return Buffer.from(message).toString()
}

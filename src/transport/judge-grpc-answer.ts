// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ServiceError } from '@grpc/grpc-js'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import { grpcRetryDelay } from './grpc-retry-delay'
import { oneLine } from './one-line'
import type { OtlpAnswer } from './otlp-client'
import { readPartialSuccess } from './otlp-response'

/** What OTLP tells a client to send again, by the names that gRPC gives its statuses. */
const RETRYABLE_STATUS: ReadonlySet<string> = new Set([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNAVAILABLE',
  'DATA_LOSS',
])

const OK = { grpcStatus: 'OK' } as const

/** What an `Export…ServiceResponse` says. */
export function judgeGrpcSuccess(body: Uint8Array): OtlpAnswer {
  try {
    const { rejectedItems, message } = readPartialSuccess({
      contentType: 'application/x-protobuf',
      body,
    })
    if (rejectedItems > 0) {
      const shown = `answered OK, partially: ${message}`
      return { ...OK, verdict: 'partial', rejectedItems, message: shown }
    }
    return { ...OK, verdict: 'accepted', ...(message && { warning: message }) }
  } catch (error) {
    if (!(error instanceof MalformedOtlpError)) throw error
    const message = `answered OK, but ${error.message}; is it an OTLP/gRPC endpoint?`
    return { ...OK, verdict: 'refused', message }
  }
}

/** What a status other than OK says. */
export function judgeGrpcStatus(
  { status }: Pick<typeof import('@grpc/grpc-js'), 'status'>,
  { code, details, metadata }: ServiceError,
): OtlpAnswer {
  const name = status[code] ?? String(code)
  const reason = oneLine(details)
  const message = reason ? `answered ${name}: ${reason}` : `answered ${name}`
  const [statusDetails] = metadata.get('grpc-status-details-bin')
  const retryAfterMillis =
    statusDetails instanceof Buffer ? grpcRetryDelay(statusDetails) : undefined
  const isRetryable =
    RETRYABLE_STATUS.has(name) || (name === 'RESOURCE_EXHAUSTED' && retryAfterMillis !== undefined)
  return isRetryable
    ? { verdict: 'again', grpcStatus: name, message, retryAfterMillis }
    : { verdict: 'refused', grpcStatus: name, message }
}

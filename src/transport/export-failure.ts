// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { RetryTimeoutError } from '../storage/retry'
import type { ExportFailure } from '../telemetry/exporter-meter'
import type { OtlpAnswer } from './otlp-client'

/** What of a request did not arrive, by the last answer, for whoever measures; `undefined`: all did. */
export function failureIn(answer: OtlpAnswer, itemCount: number): ExportFailure | undefined {
  switch (answer.verdict) {
    case 'accepted':
      return undefined
    case 'partial':
      return { itemCount: Math.min(answer.rejectedItems, itemCount), errorType: 'rejected' }
    case 'refused':
    case 'again':
      return { itemCount, errorType: refusalType(answer) }
  }
}

/** Where there was no answer. */
export function failureBy(error: unknown, itemCount: number, abort?: AbortSignal): ExportFailure {
  return { itemCount, errorType: abort?.aborted ? 'aborted' : codeOf(error) }
}

/** A status that means success, of what is no OTLP, is no name for a failure. */
function refusalType({ statusCode, grpcStatus }: OtlpAnswer): string {
  const isSuccess = grpcStatus === 'OK' || (statusCode !== undefined && statusCode < 300)
  return isSuccess ? 'not_otlp' : (grpcStatus ?? String(statusCode))
}

/** As `ECONNREFUSED`, `UNAVAILABLE`: there are few. A message would be another one each time. */
const CODE = /^[A-Z][A-Z0-9_]{2,40}$/

function codeOf(error: unknown): string {
  if (error instanceof RetryTimeoutError) return 'timeout'
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && CODE.test(code) ? code : '_OTHER'
}

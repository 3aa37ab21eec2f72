// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { shownUrl } from '../options/shown-url'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import type { OtlpAnswer } from './otlp-client'
import { type OtlpResponse, readErrorMessage, readPartialSuccess } from './otlp-response'

/** An answer over HTTP, whatever its status. */
export interface HttpAnswer extends OtlpResponse {
  readonly statusCode: number
  readonly retryAfter?: string
  /** Where a redirect points to. */
  readonly location?: string
}

/** What OTLP tells a client to send again later. */
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504])

export function judgeHttpAnswer(answer: HttpAnswer): OtlpAnswer {
  const { statusCode, location, body } = answer
  const shown = `answered ${statusCode}`
  if (statusCode >= 200 && statusCode < 300) {
    return body.length === 0 ? { verdict: 'accepted', statusCode } : judgeSuccess(answer, shown)
  }
  if (location) {
    return {
      verdict: 'refused',
      statusCode,
      message: `${shown}, a redirect to ${shownUrl(location)}`,
    }
  }
  const reason = readErrorMessage(answer)
  const message = reason ? `${shown}: ${reason}` : shown
  if (!RETRYABLE_STATUS.has(statusCode)) return { verdict: 'refused', statusCode, message }
  return { verdict: 'again', statusCode, message, retryAfterMillis: delayIn(answer.retryAfter) }
}

function judgeSuccess(answer: HttpAnswer, shown: string): OtlpAnswer {
  const { statusCode } = answer
  try {
    const { rejectedItems, message } = readPartialSuccess(answer)
    if (rejectedItems > 0) {
      return {
        verdict: 'partial',
        statusCode,
        rejectedItems,
        message: `${shown}, partially: ${message}`,
      }
    }
    return { verdict: 'accepted', statusCode, ...(message && { warning: message }) }
  } catch (error) {
    if (!(error instanceof MalformedOtlpError)) throw error
    const message = `${shown}, but ${error.message}; is it an OTLP/HTTP endpoint?`
    return { verdict: 'refused', statusCode, message }
  }
}

/** What Retry-After asks for, given in seconds or as a date. */
function delayIn(retryAfter: string | undefined): number | undefined {
  const asked = retryAfter?.trim()
  if (!asked) return undefined
  if (/^\d+$/.test(asked)) return Number(asked) * 1000
  const date = Date.parse(asked)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}

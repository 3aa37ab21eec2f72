// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import { SessionError } from './session-error'

const PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/**
 * Throws `SessionError` of code `INVALID_SESSION_ID` unless `sessionId` may stand
 * in a key. Ids come from users and from the network and end up in paths, so
 * nothing is escaped or cut: what does not fit is refused.
 */
export function checkSessionId(sessionId: unknown): asserts sessionId is string {
  if (isSessionId(sessionId)) return
  const shown = typeof sessionId === 'string' ? `'${sessionId.slice(0, 64)}'` : typeof sessionId
  throw new SessionError(
    'INVALID_SESSION_ID',
    `session id ${shown} is not allowed: use 1 to 128 letters, digits, '.', '_' or '-', ` +
      `beginning with a letter or a digit`,
  )
}

export function isSessionId(sessionId: unknown): sessionId is string {
  return typeof sessionId === 'string' && PATTERN.test(sessionId)
}

/** An id nobody else has, which sorts by the time it was made: `20261121T074502.123Z-9f1c02ab`. */
export function generateSessionId(now: Date = new Date()): string {
  const time = now.toISOString().replace(/[-:]/g, '')
  return `${time}-${randomBytes(4).toString('hex')}`
}

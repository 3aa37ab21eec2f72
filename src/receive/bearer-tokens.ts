// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash, timingSafeEqual } from 'node:crypto'
import { ReceiverError } from './receiver-error'

/** The tokens that senders may name, known by their digests alone: no dump of memory or log shows one. */
export interface BearerTokens {
  /** Whether an `authorization` header names one of them. */
  allow(authorization: string | undefined): boolean
}

/** Also tokens beyond RFC 6750's alphabet, but no separators, which headers and lists give a meaning. */
const TOKEN = /^[\x21-\x2b\x2d-\x7e]+$/
const HEADER = /^bearer +([\x21-\x2b\x2d-\x7e]+) *$/i

/**
 * Checks tokens that an option or a variable gives. One that is wrong is never left out
 * silently: a receiver would be open that was meant to be closed.
 *
 * @throws ReceiverError of reason `InvalidConfig`, which names `option` and repeats no token
 */
export function checkBearerTokens(given: unknown, option: string): string[] {
  const tokens: unknown[] = Array.isArray(given) ? given : [given]
  const isToken = (token: unknown): token is string =>
    typeof token === 'string' && TOKEN.test(token)
  if (tokens.length > 0 && tokens.every(isToken)) return tokens
  throw new ReceiverError(
    'InvalidConfig',
    `${option} has to be a token, or a list of at least one: printable ASCII without spaces and ` +
      `commas (what was given is not repeated here)`,
  )
}

/** The tokens of a text, as a file or a variable holds them: divided by spaces, lines or commas. */
export function bearerTokensIn(text: string, option: string): string[] {
  return checkBearerTokens(text.split(/[\s,]+/).filter(Boolean), option)
}

export function createBearerTokens(tokens: readonly string[]): BearerTokens {
  return new DigestedTokens(tokens)
}

class DigestedTokens implements BearerTokens {
  readonly #digests: readonly Buffer[]

  constructor(tokens: readonly string[]) {
    this.#digests = tokens.map(digestOf)
  }

  allow(authorization: string | undefined): boolean {
    const offered = HEADER.exec(authorization ?? '')?.[1]
    if (offered === undefined) return false
    const digest = digestOf(offered)
    let isAllowed = false
    // All of them: how long it takes must not tell which one it was.
    for (const known of this.#digests) isAllowed = timingSafeEqual(known, digest) || isAllowed
    return isAllowed
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

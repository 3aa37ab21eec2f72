// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Of a host name that is not ASCII, parsing takes time that grows with the square of its length. */
export const MAX_URL_LENGTH = 4096

/**
 * The URL, or undefined if the text is none, or too long. Not by `URL.canParse`: once Node.js 20 has optimised
 * a call of it, it takes some texts beyond ASCII for URLs that `new URL` then throws at.
 */
export function parseUrl(text: string): URL | undefined {
  if (text.length > MAX_URL_LENGTH) return undefined
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

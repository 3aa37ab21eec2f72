// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The URL, or undefined if the text is none. Not by `URL.canParse`: once Node.js 20 has optimised
 * a call of it, it takes some texts beyond ASCII for URLs that `new URL` then throws at.
 */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * A URL, or what was given in place of one, for a message: without what stands before an `@` and
 * behind a `?`, which may be keys. Also of what can't be parsed, as a mistyped URL has them as well.
 */
export function shownUrl(text: string): string {
  const bare = text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1…@').replace(/[?#].*$/s, '?…')
  return bare.length > 200 ? `${bare.slice(0, 200)}…` : bare
}

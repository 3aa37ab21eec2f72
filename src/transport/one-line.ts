// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const MAX_MESSAGE_LENGTH = 300

/** What a target says, fit for a log: without line breaks, and not longer than a glance takes. */
export function oneLine(text: unknown): string {
  if (typeof text !== 'string') return ''
  return text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, MAX_MESSAGE_LENGTH)
}

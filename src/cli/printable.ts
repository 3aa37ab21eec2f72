// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Text from outside (service names, descriptions, a server's answer) as one line.
 * Control characters could move the cursor, rename the window or hide what was
 * printed before; each run of them becomes a space.
 */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trimEnd()
}

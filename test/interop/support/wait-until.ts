// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setTimeout as wait } from 'node:timers/promises'

/** Waits for what other processes do: they can only be asked. */
export async function waitUntil(
  what: string,
  isTrue: () => boolean,
  { limitMillis = 30_000 } = {},
): Promise<void> {
  const endsAt = Date.now() + limitMillis
  while (!isTrue()) {
    if (Date.now() > endsAt) throw new Error(`Not within ${limitMillis} ms: ${what}`)
    await wait(20)
  }
}

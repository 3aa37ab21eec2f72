// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import type { SenderAccount } from './senders'

/** How often each batch's spans lie in a folder's session, by nothing but `gunzip` and a search for bytes. */
export async function countStoredSpans(
  storeFolder: string,
  sessionId: string,
): Promise<Map<number, number>> {
  const { countSpans } = await import('./numbered-batch.mjs')
  const counts = new Map<number, number>()
  const folder = join(storeFolder, 'sessions', sessionId, 'raw')
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith('.otlp.gz')) continue
    let rest = Buffer.alloc(0)
    for await (const piece of createReadStream(join(folder, name)).pipe(createGunzip())) {
      const bytes = Buffer.concat([rest, piece as Buffer])
      rest = bytes.subarray(countSpans(bytes, counts))
    }
  }
  return counts
}

/** What is wrong with what is stored, given what senders were told; nothing, if all is well. */
export function findLies(stored: ReadonlyMap<number, number>, account: SenderAccount): string[] {
  const { batchSpans } = account
  const times = (batch: number): number => (stored.get(batch) ?? 0) / batchSpans
  return [
    ...account.acknowledged
      .filter((batch) => times(batch) !== 1)
      .map((batch) => `acknowledged batch ${batch} is there ${times(batch)} times`),
    ...account.repeated
      .filter((batch) => times(batch) < 1 || !Number.isInteger(times(batch)))
      .map((batch) => `repeated batch ${batch} is there ${times(batch)} times`),
    ...account.unanswered
      .filter((batch) => !Number.isInteger(times(batch)))
      .map((batch) => `a part of unanswered batch ${batch} is there: ${times(batch)}`),
  ]
}

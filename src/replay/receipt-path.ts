// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type ReplayIdentity, digestOf } from './replay-identity'

/** What ends with it is a folder, in which a receipt is named after its replay. */
const FOLDER = /[\\/]$/
const MAX_NAME_LENGTH = 64

/**
 * The file that an option `receipt` means. In a folder, each session, target and selection has a
 * file of its own. Who resumes a replay with other options than it had is led to the receipt of
 * that session that was used last, so as to be told what differs.
 */
export async function receiptPathOf(
  receipt: string,
  identity: ReplayIdentity,
  isResumed: boolean,
): Promise<string> {
  if (!FOLDER.test(receipt)) return resolve(receipt)
  const folder = resolve(receipt)
  const name = nameOf(identity)
  const path = join(folder, `${name}-${digestOf(identity)}.jsonl`)
  if (!isResumed || (await modifiedAt(path)) !== undefined) return path
  return (await lastUsed(folder, name)) ?? path
}

/** A prefix of a store may hold anything; a name that two sessions share is told apart by the digest. */
function nameOf({ sessionId }: ReplayIdentity): string {
  return sessionId.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, MAX_NAME_LENGTH)
}

async function lastUsed(folder: string, name: string): Promise<string | undefined> {
  let last: { path: string; millis: number } | undefined
  for (const file of await readdir(folder).catch(() => [])) {
    if (!file.startsWith(`${name}-`) || !/^-[0-9a-f]{12}\.jsonl$/.test(file.slice(name.length))) {
      continue
    }
    const path = join(folder, file)
    const millis = await modifiedAt(path)
    if (millis !== undefined && millis > (last?.millis ?? -1)) last = { path, millis }
  }
  return last?.path
}

async function modifiedAt(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  )
}

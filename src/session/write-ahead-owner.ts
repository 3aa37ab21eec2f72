// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { syncFolder } from '../storage/sync-folder'
import type { SessionDescription } from './metadata'
import { checkSessionId } from './session-id'
import { WriteAheadError } from './write-ahead-error'

/** What must be known of a writer to go on for it when it has died. */
export interface JournalOwner {
  readonly description: SessionDescription
  readonly writerId: string
  /** `url` of the store that the session lies in. */
  readonly storeUrl: string
}

/** The same as it is found in its folder. */
export interface StoredOwner extends JournalOwner {
  /** ISO 8601, UTC. */
  readonly startTime: string
}

export const OWNER_FILE = 'writer.json'

const ownerSchema = v.object({
  version: v.literal(1),
  writerId: v.pipe(v.string(), v.uuid()),
  storeUrl: v.string(),
  startTime: v.pipe(
    v.string(),
    v.check((time) => !Number.isNaN(Date.parse(time))),
  ),
  description: v.object({
    sessionId: v.string(),
    diagnosticSessionId: v.optional(v.string()),
    description: v.optional(v.string()),
    createdBy: v.string(),
    enabledFlags: v.array(v.string()),
  }),
})

/** Writes it so that it is there as a whole, or not at all. */
export async function writeOwner(folder: string, owner: JournalOwner): Promise<void> {
  const { description, writerId, storeUrl } = owner
  const content = { version: 1, writerId, storeUrl, startTime: new Date().toISOString() }
  const temporary = join(folder, `${OWNER_FILE}.new`)
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify({ ...content, description }, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, join(folder, OWNER_FILE))
  await syncFolder(folder)
}

/** `undefined` if there is none. Throws `WriteAheadError` if it can't be trusted. */
export async function readOwner(
  folder: string,
  writerId: string,
): Promise<StoredOwner | undefined> {
  const path = join(folder, OWNER_FILE)
  let content: string
  try {
    content = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const owner = v.parse(ownerSchema, JSON.parse(content))
    // It goes into keys.
    checkSessionId(owner.description.sessionId)
    if (owner.writerId === writerId) return owner
    throw new Error(`it names the writer ${owner.writerId}`)
  } catch (error) {
    throw new WriteAheadError(
      'UNREADABLE',
      `'${path}' does not say whose batches lie beside it: ${(error as Error).message}. ` +
        `They are left where they are; if the folder is not needed, remove it.`,
      path,
      { cause: error },
    )
  }
}

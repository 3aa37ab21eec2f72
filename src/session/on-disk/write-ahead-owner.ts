// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import type { SessionDescription } from '../metadata'
import { checkSessionId } from '../session-id'
import { WriteAheadError } from './write-ahead-error'
import { writeJsonFile } from './write-json-file'

/** What must be known of a writer to go on for it when it has died. */
export interface JournalOwner {
  readonly description: SessionDescription
  readonly writerId: string
  /** `url` of the store that the session lies in. */
  readonly storeUrl: string
  /**
   * Whether the folder holds only what could not be stored at once: then what
   * such a writer had in memory when it was killed is lost. Default false.
   */
  readonly isSpool?: boolean
  /** Whether it may record into a session that others made. Default true. */
  readonly join?: boolean
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
  isSpool: v.optional(v.boolean()),
  join: v.optional(v.boolean()),
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

/** Says whose the folder is. */
export async function writeOwner(folder: string, owner: JournalOwner): Promise<void> {
  const content = { version: 1, startTime: new Date().toISOString(), ...owner }
  await writeJsonFile(join(folder, OWNER_FILE), content)
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

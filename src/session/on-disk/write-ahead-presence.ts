// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import * as v from 'valibot'
import { isKnownDead, ownIdentity, readProcessFields } from '../process-identity'

/** A file that says that its process lives. */
export interface Presence {
  /** Removes it. */
  withdraw(): Promise<void>
}

/** `undecided`: it may be dead; if it is, that shows when its file has not been touched for 30 s. */
export type Verdict = 'living' | 'dead' | 'undecided'

const TOUCH_MILLIS = 5_000
const SILENT_MILLIS = 30_000

const presenceSchema = v.object({
  host: v.string(),
  pid: v.number(),
  pidScope: v.optional(v.string()),
  startTicks: v.optional(v.string()),
})

/** Shows, until it is withdrawn, that this process lives. */
export async function announcePresence(path: string): Promise<Presence> {
  const startTicks = readStartTicks(process.pid)
  await writeFile(path, JSON.stringify({ ...ownIdentity(), startTicks }), { mode: 0o600 })
  const timer = setInterval(() => {
    const now = new Date()
    // A folder that is gone needs nobody's presence.
    utimes(path, now, now).catch(() => undefined)
  }, TOUCH_MILLIS)
  timer.unref()
  return {
    withdraw: async () => {
      clearInterval(timer)
      await rm(path, { force: true })
    },
  }
}

/**
 * Whether the process of a presence lives. Where its pid means something to us,
 * that tells at once; of a process on another machine or in another container,
 * only its silence tells. No presence is that of a process that let go.
 */
export async function judgePresence(path: string): Promise<Verdict> {
  let content: string
  let touchedMillis: number
  try {
    content = await readFile(path, 'utf8')
    touchedMillis = (await stat(path)).mtimeMs
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'dead'
    throw error
  }
  const identity = parsePresence(content)
  const { pidScope } = ownIdentity()
  if (identity && pidScope !== undefined && identity.pidScope === pidScope) {
    return isKnownDead(identity) || isAnother(identity) ? 'dead' : 'living'
  }
  return Date.now() - touchedMillis > SILENT_MILLIS ? 'dead' : 'undecided'
}

type StoredPresence = v.InferOutput<typeof presenceSchema>

function parsePresence(content: string): StoredPresence | undefined {
  try {
    return v.parse(presenceSchema, JSON.parse(content))
  } catch {
    return undefined // Cut short by a crash: its silence has to tell.
  }
}

/** Whether its number went to another process since: a container's first is always number 1. */
function isAnother({ pid, startTicks }: StoredPresence): boolean {
  const ticks = readStartTicks(pid)
  return ticks !== undefined && startTicks !== undefined && ticks !== startTicks
}

/** When a process started, in ticks since the machine did; `undefined` where the system won't tell. */
function readStartTicks(pid: number): string | undefined {
  return readProcessFields(pid)?.[19]
}

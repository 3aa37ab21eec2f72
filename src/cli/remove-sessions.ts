// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { loadSession, removeSession } from '../session/catalogue'
import { SessionError } from '../session/session-error'
import type { ObjectStore } from '../storage/object-store'
import { describeError } from './describe-error'
import { jsonLine } from './json-line'
import { eachSession } from './list-sessions'
import { readableCount } from './readable-figures'
import type { Terminal } from './terminal'
import { UsageError } from './usage-error'

export interface RemoveOptions {
  /** Remove all sessions that ended longer ago, in milliseconds. */
  olderThan?: number
  /** Don't ask. */
  yes?: boolean
  json?: boolean
}

/** Removes sessions, after a question unless it was answered beforehand. */
export async function removeSessions(
  store: ObjectStore,
  sessionIds: readonly string[] = [],
  terminal: Terminal,
  options: RemoveOptions,
): Promise<void> {
  const { olderThan, yes = false, json = false } = options
  const { signal } = terminal
  if (sessionIds.length === 0 && olderThan === undefined) {
    throw new UsageError('name the sessions to remove, or give --older-than')
  }
  if (!yes && !terminal.isInteractive) {
    throw new UsageError('there is no terminal to ask whether to remove: give --yes to remove')
  }
  const removable = new Set<string>()
  for (const sessionId of sessionIds) {
    if (await isRemovable(store, sessionId, terminal)) removable.add(sessionId)
  }
  if (olderThan !== undefined) {
    for await (const sessionId of olderSessions(store, olderThan, terminal)) {
      removable.add(sessionId)
    }
  }
  if (removable.size === 0) return terminal.note('nothing to remove')
  if (!yes && !(await isConfirmed(removable, store, terminal))) {
    return terminal.complain('nothing was removed')
  }
  for (const sessionId of removable) {
    const objects = await removeSession(store, sessionId, { signal })
    const line = json
      ? jsonLine({ sessionId, objects })
      : `${sessionId} is removed: ${readableCount(objects)} objects`
    await terminal.print(line)
  }
}

async function isRemovable(
  store: ObjectStore,
  sessionId: string,
  terminal: Terminal,
): Promise<boolean> {
  try {
    const { status } = await loadSession(store, sessionId, { signal: terminal.signal })
    // A writer would go on storing, into a session that nobody finds any more.
    if (status !== 'active') return true
    terminal.complain(`session '${sessionId}' is being recorded; stop its writers first`)
    return false
  } catch (error) {
    if (!(error instanceof SessionError)) throw error
    if (error.code === 'METADATA_CORRUPTED') return true
    terminal.complain(describeError(error).line)
    return false
  }
}

async function* olderSessions(
  store: ObjectStore,
  ageMillis: number,
  terminal: Terminal,
): AsyncGenerator<string, void, undefined> {
  const before = Date.now() - ageMillis
  for await (const session of eachSession(store, terminal)) {
    const { sessionId, status, startTime, endTime = startTime } = session
    if (status !== 'active' && Date.parse(endTime) < before) yield sessionId
  }
}

async function isConfirmed(
  sessionIds: ReadonlySet<string>,
  store: ObjectStore,
  terminal: Terminal,
): Promise<boolean> {
  for (const sessionId of sessionIds) terminal.note(`  ${sessionId}`)
  const count = sessionIds.size === 1 ? 'this session' : `these ${sessionIds.size} sessions`
  return terminal.confirm(`Remove ${count} from ${store.url}, with all that is in it?`)
}

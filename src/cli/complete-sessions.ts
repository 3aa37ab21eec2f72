// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { completeSession } from '../session/catalogue'
import { repairSession } from '../session/checking/repair-session'
import type { FoundDamage } from '../session/damage'
import { SessionError } from '../session/session-error'
import type { ObjectStore } from '../storage/object-store'
import { isStorageError } from '../storage/storage-error'
import { describeError } from './describe-error'
import { describeFound } from './describe-found'
import { describeItems } from './item-counts'
import { jsonLine } from './json-line'
import type { Terminal } from './terminal'

/**
 * Completes sessions whose writers are gone, and prints what they hold; with `anew` also those
 * that are completed, whatever their metadata says.
 */
export async function completeSessions(
  store: ObjectStore,
  sessionIds: readonly string[],
  terminal: Terminal,
  { json = false, anew = false }: { json?: boolean; anew?: boolean },
): Promise<void> {
  const { signal } = terminal
  const [finish, outcome] = anew ? [repairSession, 'repaired'] : [completeSession, 'completed']
  // Items are counted from what is whole; what is damaged stays so.
  const onDamage = (damage: FoundDamage): void => terminal.note(describeFound(damage))
  for (const sessionId of sessionIds) {
    try {
      const session = await finish(store, sessionId, { signal, onDamage })
      const holds = describeItems(session)
      await terminal.print(json ? jsonLine(session) : `${sessionId} is ${outcome}: ${holds}`)
    } catch (error) {
      // What is wrong with one session is not wrong with the next.
      const isOfOneSession = error instanceof SessionError || isStorageError(error, 'FAILED')
      if (!isOfOneSession) throw error
      terminal.complain(describeError(error).line)
    }
  }
}

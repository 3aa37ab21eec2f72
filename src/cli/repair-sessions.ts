// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { repairSession } from '../session/checking/repair-session'
import { SessionError } from '../session/session-error'
import type { ObjectStore } from '../storage/object-store'
import { isStorageError } from '../storage/storage-error'
import { describeError } from './describe-error'
import { describeFound } from './describe-found'
import { describeItems } from './item-counts'
import { jsonLine } from './json-line'
import type { Terminal } from './terminal'

/** Completes sessions and counts them anew from their segments, and prints what they hold. */
export async function repairSessions(
  store: ObjectStore,
  sessionIds: readonly string[],
  terminal: Terminal,
  { json = false }: { json?: boolean },
): Promise<void> {
  const { signal } = terminal
  for (const sessionId of sessionIds) {
    try {
      const session = await repairSession(store, sessionId, {
        signal,
        // Its items are told from what is whole; what is damaged stays so.
        onDamage: (damage) => terminal.note(describeFound(damage)),
      })
      const holds = describeItems(session)
      await terminal.print(json ? jsonLine(session) : `${sessionId} is repaired: ${holds}`)
    } catch (error) {
      // What is wrong with one session is not wrong with the next.
      const isOfOneSession = error instanceof SessionError || isStorageError(error, 'FAILED')
      if (!isOfOneSession) throw error
      terminal.complain(describeError(error).line)
    }
  }
}

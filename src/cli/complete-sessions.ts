// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { completeSession } from '../session/catalogue'
import { SessionError } from '../session/session-error'
import type { ObjectStore } from '../storage/object-store'
import { describeError } from './describe-error'
import { describeItems } from './item-counts'
import { jsonLine } from './json-line'
import type { Terminal } from './terminal'

/** Completes sessions whose writers are gone, and prints what they hold. */
export async function completeSessions(
  store: ObjectStore,
  sessionIds: readonly string[],
  terminal: Terminal,
  { json = false }: { json?: boolean },
): Promise<void> {
  const { signal } = terminal
  for (const sessionId of sessionIds) {
    try {
      const session = await completeSession(store, sessionId, { signal })
      const holds = describeItems(session)
      await terminal.print(json ? jsonLine(session) : `${sessionId} is completed: ${holds}`)
    } catch (error) {
      // What is wrong with one session is not wrong with the next.
      if (!(error instanceof SessionError)) throw error
      terminal.complain(describeError(error).line)
    }
  }
}

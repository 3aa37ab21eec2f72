// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import { listSessions } from '../session/catalogue'
import type { SessionMetadata } from '../session/metadata'
import type { ObjectStore } from '../storage/object-store'
import { openReplayStore } from './open-replay-store'
import { toReplayError } from './replay-error'

/**
 * The sessions that are completed, by id. One that is still being recorded, or
 * was interrupted, can be replayed as well, but is not listed: it may not be all
 * there.
 *
 * @param store a store, or a URL for `openStore`; by default what `openStore()` opens
 * @throws ReplayError of reason `StorageFailure` when the store can't be read
 *
 * @example
 * for (const { sessionId, capturedTraces } of await listAvailableReplays()) {
 *   console.log(sessionId, capturedTraces)
 * }
 */
export async function listAvailableReplays(
  store?: ObjectStore | string,
): Promise<SessionMetadata[]> {
  const opened = openReplayStore(store)
  try {
    const completed: SessionMetadata[] = []
    const onUnreadable = ({ message }: Error): void => diag.warn(`otel-tape: ${message}`)
    for await (const session of listSessions(opened.store, { onUnreadable })) {
      if (session.status === 'completed') completed.push(session)
    }
    return completed
  } catch (error) {
    throw toReplayError(error, {})
  } finally {
    await opened.close()
  }
}

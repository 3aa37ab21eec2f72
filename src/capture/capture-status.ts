// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import { listSessions, loadSession } from '../session/catalogue'
import type { SessionMetadata } from '../session/metadata'
import type { ObjectStore } from '../storage/object-store'
import { useStore } from './use-store'

/**
 * What is known of a session, whichever process records it. Rejects with
 * `CaptureError`: `SessionNotFound`, `StorageFailure`, `InvalidConfig`.
 *
 * @example
 * const { status, capturedTraces } = await getCaptureStatus('debug-payment')
 */
export function getCaptureStatus(
  sessionId: string,
  store?: ObjectStore | string,
): Promise<SessionMetadata> {
  return useStore(store, (opened) => loadSession(opened, sessionId), sessionId)
}

/**
 * All sessions of a store, by id, whatever their status. Rejects with `CaptureError`.
 * One whose metadata can't be read is named in a warning through `diag`.
 */
export function listCaptureSessions(store?: ObjectStore | string): Promise<SessionMetadata[]> {
  return useStore(store, async (opened) => {
    const sessions: SessionMetadata[] = []
    const onUnreadable = ({ message }: Error): void => diag.warn(`otel-tape: ${message}`)
    for await (const session of listSessions(opened, { onUnreadable })) sessions.push(session)
    return sessions
  })
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import { listSessions, loadSession } from '../session/catalogue'
import type { SessionMetadata } from '../session/metadata'
import { holdProcess } from '../storage/hold-process'
import type { ObjectStore } from '../storage/object-store'
import { openStore } from '../storage/open-store'
import { toCaptureError } from './capture-error'

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
  return withStore(store, (opened) => loadSession(opened, sessionId), sessionId)
}

/**
 * All sessions of a store, by id, whatever their status. Rejects with `CaptureError`.
 * One whose metadata can't be read is named in a warning through `diag`.
 */
export function listCaptureSessions(store?: ObjectStore | string): Promise<SessionMetadata[]> {
  return withStore(store, async (opened) => {
    const sessions: SessionMetadata[] = []
    const onUnreadable = ({ message }: Error): void => diag.warn(`otel-tape: ${message}`)
    for await (const session of listSessions(opened, { onUnreadable })) sessions.push(session)
    return sessions
  })
}

async function withStore<T>(
  store: ObjectStore | string | undefined,
  use: (store: ObjectStore) => Promise<T>,
  sessionId?: string,
): Promise<T> {
  const isOurs = typeof store !== 'object'
  const release = holdProcess()
  let opened: ObjectStore | undefined
  try {
    opened = isOurs ? openStore(store) : store
    return await use(opened)
  } catch (error) {
    throw toCaptureError(error, sessionId)
  } finally {
    if (isOurs) await opened?.close()
    release()
  }
}

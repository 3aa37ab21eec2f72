// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SessionMetadata } from '../session/metadata'
import { type RepairOptions, repairSession as repairIn } from '../session/checking/repair-session'
import type { ObjectStore } from '../storage/object-store'
import { useStore } from './use-store'

export interface RepairSessionOptions extends RepairOptions {
  /** A store, or a URL for `openStore`. Default: see `openStore`. */
  store?: ObjectStore | string
}

/**
 * Completes a session whose writers are gone, and counts anew what it holds, whatever
 * its metadata says: also of one that is completed with wrong totals, or whose
 * `metadata.json` is damaged or gone. Segments are read and not changed. Resolves with
 * the metadata as it is then stored.
 *
 * Rejects with `CaptureError`: `SessionAlreadyActive` while a writer lives,
 * `SessionCompleted` if another tool wrote it, `SessionNotFound`, `StorageFailure`.
 *
 * @example
 * const { capturedTraces, interruptedWriters } = await repairSession('debug-payment')
 */
export function repairSession(
  sessionId: string,
  { store, ...options }: RepairSessionOptions = {},
): Promise<SessionMetadata> {
  return useStore(store, (opened) => repairIn(opened, sessionId, options), sessionId)
}

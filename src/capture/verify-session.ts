// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  type VerifyOptions,
  type VerifyReport,
  verifySession as verifyIn,
} from '../session/checking/verify-session'
import type { ObjectStore } from '../storage/object-store'
import { useStore } from './use-store'

export interface VerifySessionOptions extends VerifyOptions {
  /** A store, or a URL for `openStore`. Default: see `openStore`. */
  store?: ObjectStore | string
}

/**
 * Checks that all of a session is there and can be read: checksums and lengths, what
 * block headers say of their content, and what metadata and the writers' summaries say
 * of the segments. Reads each object once, in bounded memory, and changes nothing.
 *
 * Rejects with `CaptureError`: `SessionNotFound`, `StorageFailure` (also when `signal`
 * fires), `InvalidConfig`. Damage is no error: it is reported.
 *
 * @example
 * const report = await verifySession('debug-payment', {
 *   onDamage: ({ key, offsetBytes, itemCount = 0, reason }) =>
 *     console.error(`${key} at byte ${offsetBytes}: ${reason}, ${itemCount} items`),
 * })
 * if (!report.isWhole) process.exitCode = 1
 */
export function verifySession(
  sessionId: string,
  { store, ...options }: VerifySessionOptions = {},
): Promise<VerifyReport> {
  return useStore(store, (opened) => verifyIn(opened, sessionId, options), sessionId)
}

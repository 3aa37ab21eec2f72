// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReceiverStatus } from '../../src/receive/receiver'

const NOTHING = { requests: 0, items: 0, bytes: 0 }

/** The status of a receiver that has done nothing yet, but for what is given. */
export function makeReceiverStatus(changes: Partial<ReceiverStatus> = {}): ReceiverStatus {
  return {
    sessionId: 'tape',
    openSessions: ['tape'],
    received: { traces: NOTHING, metrics: NOTHING, logs: NOTHING },
    itemsByService: new Map(),
    refusedRequests: new Map(),
    rejectedItems: 0,
    storage: { state: 'ok', waitingBytes: 0, storedBytes: 0 },
    ...changes,
  }
}

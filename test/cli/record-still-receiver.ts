// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import type { OtlpReceiver, ReceiverEvents, ReceiverStatus } from '../../src/receive/receiver'
import { type SessionMetadata, emptyMetadata } from '../../src/session/metadata'
import { makeReceiverStatus } from './record-status'

export function makeMetadata(changes: Partial<SessionMetadata> = {}): SessionMetadata {
  const description = { sessionId: 'tape', createdBy: 'a test', enabledFlags: [] }
  const empty = emptyMetadata(description, '2026-01-02T03:04:05.000Z')
  return { ...empty, status: 'completed', ...changes }
}

/** A receiver that receives nothing: what it says of itself is the test's to set. */
export class StillReceiver extends EventEmitter<ReceiverEvents> implements OtlpReceiver {
  readonly httpUrl = 'http://127.0.0.1:4001'
  readonly isSecure = false
  readonly sessionId = 'tape'
  readonly batches = new Readable({ objectMode: true, read: () => undefined })
  current = makeReceiverStatus()
  grpcAddress: string | undefined = '127.0.0.1:4002'

  constructor(readonly sessions: readonly SessionMetadata[] = [makeMetadata()]) {
    super()
  }

  status(): ReceiverStatus {
    return this.current
  }

  async rotate(): Promise<string> {
    return 'tape-2'
  }

  async stopSession(): Promise<SessionMetadata> {
    return this.sessions[0]
  }

  async stop(): Promise<SessionMetadata[]> {
    for (const session of this.sessions) this.emit('sessionStopped', session)
    return [...this.sessions]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

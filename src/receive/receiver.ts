// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Readable } from 'node:stream'
import type { Signal } from '../otlp/signal'
import type { SessionMetadata } from '../session/metadata'

/** An OTLP receiver that listens. */
export interface OtlpReceiver extends AsyncDisposable {
  /** Base URL for OTLP/HTTP senders, as `http://127.0.0.1:4318`, `https:` with TLS; undefined when it is off. */
  readonly httpUrl: string | undefined
  /** Where OTLP/gRPC senders connect, as `127.0.0.1:4317`; undefined when it is off. */
  readonly grpcAddress: string | undefined
  /** Whether senders have to speak TLS, over HTTP and over gRPC. */
  readonly isSecure: boolean
  /** The session that takes what is not routed elsewhere. Another one after `rotate`. */
  readonly sessionId: string
  /**
   * What was received, as an object-mode stream of `OtlpBatch`, from the first time that it is
   * asked for. Whoever reads it slowly slows the senders down: they are told to come again.
   */
  readonly batches: Readable
  status(): ReceiverStatus
  /**
   * Goes on in another session, and completes the one before when all of it is stored.
   * Nothing is lost or recorded twice at the seam. Resolves with the new session's id.
   *
   * @param sessionId default: the first session's, with a number behind it
   */
  rotate(sessionId?: string): Promise<string>
  /**
   * Ends one of the sessions that requests are routed to (`sessionBy`), stores the rest of it and
   * completes it. What still comes for it is refused. Resolves with its metadata.
   */
  stopSession(sessionId: string): Promise<SessionMetadata>
  /**
   * Takes no further requests, answers those under way, stores everything and leaves its sessions.
   * Resolves with the metadata of all that were open. Never rejects: a session that could
   * not be stored says `failed`, and what it holds stays in the write-ahead folder.
   */
  stop(): Promise<SessionMetadata[]>
  on<E extends keyof ReceiverEvents>(event: E, listener: (...args: ReceiverEvents[E]) => void): this
  off<E extends keyof ReceiverEvents>(
    event: E,
    listener: (...args: ReceiverEvents[E]) => void,
  ): this
}

export interface ReceiverEvents {
  /** A session began to be recorded. */
  sessionStarted: [sessionId: string]
  /** A session was completed, or could not be (`status` `failed`). */
  sessionStopped: [metadata: SessionMetadata]
  /** What a killed receiver had acknowledged is in its session now. */
  recovered: [recovered: RecoveredSession]
  /**
   * The store, the write-ahead folder or the forwarding target failed; the receiver goes on.
   * Of failures alike, one a minute is told.
   */
  failure: [error: Error]
}

/** What was found in the write-ahead folder and stored. */
export interface RecoveredSession {
  readonly sessionId: string
  readonly segments: number
  readonly items: number
}

/** What a receiver has done since it was created. Counts never go down. */
export interface ReceiverStatus {
  readonly sessionId: string
  /** Sessions that are being recorded now. */
  readonly openSessions: readonly string[]
  readonly received: Readonly<Record<Signal, ReceivedCounts>>
  /** Items by `service.name`, the first thousand services. */
  readonly itemsByService: ReadonlyMap<string, number>
  /** Requests refused, by HTTP status or name of the gRPC status. */
  readonly refusedRequests: ReadonlyMap<number | string, number>
  /** Items that senders were told are refused for good, in a partial success. */
  readonly rejectedItems: number
  readonly storage: StorageStatus
  /** Absent when nothing is forwarded. */
  readonly forwarding?: ForwardingStatus
}

export interface ReceivedCounts {
  readonly requests: number
  /** Spans, data points or log records. */
  readonly items: number
  /** Protobuf, uncompressed. */
  readonly bytes: number
}

export interface StorageStatus {
  /** `down` from an attempt that failed to one that works. */
  readonly state: 'ok' | 'down'
  /** Bytes that are accepted and not in the store yet. */
  readonly waitingBytes: number
  /** Compressed bytes in the store. */
  readonly storedBytes: number
  readonly lastFailure?: string
}

export interface ForwardingStatus {
  readonly targetEndpoint: string
  readonly sentItems: number
  /** Items that the target did not get: it was down, too slow, or refused them. */
  readonly missedItems: Readonly<Record<Signal, number>>
  readonly waitingBytes: number
  readonly lastFailure?: string
}

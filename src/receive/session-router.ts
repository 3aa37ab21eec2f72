// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type EndingLimits, endingLimits } from '../session/ending-limits'
import type { SessionDescription, SessionMetadata } from '../session/metadata'
import { SessionError } from '../session/session-error'
import { checkSessionId } from '../session/session-id'
import type { SessionWriterOptions } from '../session/session-writer'
import { UnavailableError } from './intake'
import { RecordedSession } from './recorded-session'
import { ReceiverError } from './receiver-error'

export interface SessionRouterParts {
  /** What every session's writer has in common. */
  readonly writer: Omit<SessionWriterOptions, 'description' | 'createJournal' | 'onStoreFailure'>
  readonly createJournal: (description: SessionDescription) => SessionWriterOptions['createJournal']
  /** The default session's description; others differ in their id alone. */
  readonly description: SessionDescription
  readonly stopTimeoutMillis: number
  readonly onStarted: (sessionId: string) => void
  readonly onStopped: (metadata: SessionMetadata) => void
  readonly onFailure: (error: Error) => void
}

/** Values from outside open sessions; each costs memory, timers and requests to the store. */
const MAX_OPEN_SESSIONS = 100
/** How long a request waits to hear whether its session may be written. */
const DECISION_MILLIS = 5_000
const MAX_ROTATIONS = 10_000
const MAX_ID_LENGTH = 128

/** The sessions that a receiver records into, and which of them takes what. */
export class SessionRouter {
  readonly #parts: SessionRouterParts
  readonly #open = new Map<string, RecordedSession>()
  readonly #opening = new Map<string, Promise<RecordedSession>>()
  readonly #closing = new Set<Promise<SessionMetadata>>()
  #default: RecordedSession
  #rotations = 1
  #rotating: Promise<string> | undefined
  #closedStoredBytes = 0
  #isClosed = false

  constructor(parts: SessionRouterParts) {
    this.#parts = parts
    this.#default = this.#start(parts.description.sessionId)
  }

  get defaultSession(): RecordedSession {
    return this.#default
  }

  get openSessionIds(): string[] {
    return [...this.#open.keys()]
  }

  /** Bytes that are accepted and not stored yet, over all sessions. */
  get waitingBytes(): number {
    return [...this.#open.values()].reduce((bytes, session) => bytes + session.waitingBytes, 0)
  }

  get storedBytes(): number {
    return [...this.#open.values()].reduce(
      (bytes, session) => bytes + session.storedBytes,
      this.#closedStoredBytes,
    )
  }

  /** The session of that id if it is open and takes batches. */
  openSession(sessionId: string): RecordedSession | undefined {
    const session = this.#open.get(sessionId)
    return session?.isOpen ? session : undefined
  }

  /**
   * The session of that id, opened if need be.
   *
   * Throws `SessionError` if it must not be written, `UnavailableError` if that
   * can't be told now or too many sessions are open.
   */
  async route(sessionId: string): Promise<RecordedSession> {
    checkSessionId(sessionId)
    const open = this.openSession(sessionId)
    if (open) return open
    let opening = this.#opening.get(sessionId)
    if (!opening) {
      opening = this.#openAnother(sessionId).finally(() => this.#opening.delete(sessionId))
      this.#opening.set(sessionId, opening)
    }
    return opening
  }

  /** Goes on in another default session; resolves with its id, when it takes what comes. */
  rotate(sessionId?: string): Promise<string> {
    this.#rotating ??= this.#rotate(sessionId).finally(() => (this.#rotating = undefined))
    return this.#rotating
  }

  async stop(sessionId: string): Promise<SessionMetadata> {
    const session = this.#open.get(sessionId)
    if (!session) throw new ReceiverError('SessionNotFound', `no session '${sessionId}' is open`)
    if (session === this.#default) {
      throw new ReceiverError(
        'InvalidConfig',
        `session '${sessionId}' takes all that is routed nowhere else: rotate, or stop the receiver`,
      )
    }
    return this.#close(session)
  }

  /** Ends sessions for which nothing came for so long. */
  stopIdle(idleMillis: number): void {
    const now = Date.now()
    for (const session of this.#open.values()) {
      const isIdle = session !== this.#default && session.idleMillis(now) >= idleMillis
      if (isIdle) void this.#close(session)
    }
  }

  /** Ends all sessions; resolves with what became of those that were open. */
  async close(): Promise<SessionMetadata[]> {
    this.#isClosed = true
    await Promise.allSettled([...this.#opening.values(), this.#rotating])
    const open = [...this.#open.values()].map((session) => this.#close(session))
    await Promise.all(this.#closing)
    return Promise.all(open)
  }

  async #openAnother(sessionId: string): Promise<RecordedSession> {
    // Else its end and its beginning would meet in the store.
    await this.#open.get(sessionId)?.close(this.#deadline(), this.#parts.onFailure)
    if (this.#isClosed || this.#open.size >= MAX_OPEN_SESSIONS) {
      const problem = this.#isClosed ? 'the receiver stops' : `${this.#open.size} sessions are open`
      throw new UnavailableError(`session '${sessionId}' can't be opened: ${problem}`, 30)
    }
    const session = this.#start(sessionId)
    try {
      await withLimit(session.ready, DECISION_MILLIS)
      return session
    } catch (error) {
      if (error instanceof SessionError) throw error
      // It goes on asking the store, and is there when the sender comes again.
      throw new UnavailableError(`session '${sessionId}' can't be looked up in the store`, 5, {
        cause: error,
      })
    }
  }

  #start(sessionId: string): RecordedSession {
    const { writer, createJournal, onStarted, onFailure } = this.#parts
    const description = { ...this.#parts.description, sessionId }
    const session: RecordedSession = new RecordedSession({
      ...writer,
      description,
      createJournal: createJournal(description),
      onStoreFailure: (error) => onFailure(error as Error),
    })
    this.#open.set(sessionId, session)
    session.ready.then(
      () => onStarted(sessionId),
      (error: unknown) => this.#onNotReady(session, error),
    )
    return session
  }

  #onNotReady(session: RecordedSession, error: unknown): void {
    if (!(error instanceof SessionError)) return
    // The default one's refusal is for the receiver to tell.
    if (session === this.#default) return
    this.#forget(session)
    void session.close(this.#deadline(), () => undefined)
  }

  async #rotate(sessionId: string | undefined): Promise<string> {
    if (sessionId !== undefined) checkSessionId(sessionId)
    for (;;) {
      const next = sessionId ?? this.#nextId()
      try {
        const session = await this.route(next)
        const before = this.#default
        this.#default = session
        if (before !== session) void this.#close(before)
        return next
      } catch (error) {
        // A receiver before us may have rotated to that number.
        const isTaken = error instanceof SessionError && sessionId === undefined
        if (!isTaken || this.#rotations >= MAX_ROTATIONS) throw error
      }
    }
  }

  #nextId(): string {
    const suffix = `-${++this.#rotations}`
    return this.#parts.description.sessionId.slice(0, MAX_ID_LENGTH - suffix.length) + suffix
  }

  #close(session: RecordedSession): Promise<SessionMetadata> {
    const { onStopped, onFailure } = this.#parts
    const closing = session.close(this.#deadline(), onFailure).then((metadata) => {
      if (this.#open.get(session.sessionId) === session) onStopped(metadata)
      this.#forget(session)
      return metadata
    })
    this.#closing.add(closing)
    void closing.finally(() => this.#closing.delete(closing))
    return closing
  }

  #forget(session: RecordedSession): void {
    if (this.#open.get(session.sessionId) !== session) return
    this.#closedStoredBytes += session.storedBytes
    this.#open.delete(session.sessionId)
  }

  #deadline(): EndingLimits {
    return endingLimits(this.#parts.stopTimeoutMillis)
  }
}

async function withLimit(work: Promise<void>, millis: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${millis} ms`)), millis)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

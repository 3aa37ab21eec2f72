// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { QueryError } from '../../query-error'
import type { Peer, PeerAnswer } from './peer'

export interface AskedPeerOptions {
  start: () => Peer
  /** What to throw when it has died. It takes what it holds with it. */
  toError: (message: string, cause?: unknown) => QueryError
}

/**
 * A thread or a process that is told things and asked things, in order. It starts when there is
 * something to tell it, and keeps this process alive only while it owes an answer.
 *
 * It is asked one question at a time: one that nobody waits for any more is then never asked, so
 * that a burst of aborted questions does not keep the next one waiting.
 */
export class AskedPeer<TMessage, TAnswer> {
  readonly #options: AskedPeerOptions
  readonly #questions: Question<TMessage, TAnswer>[] = []
  #peer?: Peer
  #asked?: Question<TMessage, TAnswer>
  #failure?: QueryError

  constructor(options: AskedPeerOptions) {
    this.#options = options
  }

  /** Why it can't be told or asked anything any more. */
  get failure(): QueryError | undefined {
    return this.#failure
  }

  tell(message: TMessage, transfer: ArrayBuffer[] = []): void {
    if (this.#failure) throw this.#failure
    this.#running().post(message, transfer)
  }

  /** Rejects with `signal.reason` when that fires. */
  async ask(message: TMessage, signal?: AbortSignal): Promise<TAnswer> {
    signal?.throwIfAborted()
    if (this.#failure) throw this.#failure
    let onAbort: (() => void) | undefined
    try {
      return await new Promise<TAnswer>((resolve, reject) => {
        const question = { message, resolve, reject }
        onAbort = () => this.#withdraw(question, signal?.reason)
        signal?.addEventListener('abort', onAbort, { once: true })
        this.#questions.push(question)
        this.#askNext()
      })
    } finally {
      if (onAbort) signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Whoever still waits for an answer gets `reason` instead, as does whoever asks later. */
  async close(reason: QueryError): Promise<void> {
    this.#fail(reason)
    await this.#peer?.stop()
  }

  #running(): Peer {
    if (this.#peer) return this.#peer
    const peer = this.#options.start()
    peer.unref()
    // The protocol is between modules of ours.
    peer.onMessage((message) => this.#settle(message as PeerAnswer<TAnswer>))
    peer.onEnd((message, cause) => this.#fail(this.#options.toError(message, cause)))
    return (this.#peer = peer)
  }

  #askNext(): void {
    if (this.#asked || this.#failure) return
    this.#asked = this.#questions.shift()
    if (!this.#asked) {
      this.#peer?.unref()
      return
    }
    const peer = this.#running()
    peer.ref()
    peer.post(this.#asked.message, [])
  }

  #settle(outcome: PeerAnswer<TAnswer>): void {
    const question = this.#asked
    this.#asked = undefined
    if ('answer' in outcome) question?.resolve(outcome.answer)
    else question?.reject(new QueryError(outcome.reason, outcome.message))
    this.#askNext()
  }

  #withdraw(question: Question<TMessage, TAnswer>, reason: unknown): void {
    question.reject(reason)
    const at = this.#questions.indexOf(question)
    if (at !== -1) this.#questions.splice(at, 1)
  }

  #fail(failure: QueryError): void {
    this.#failure ??= failure
    const waiting = this.#asked ? [this.#asked, ...this.#questions] : [...this.#questions]
    this.#asked = undefined
    this.#questions.length = 0
    this.#peer?.unref()
    for (const { reject } of waiting) reject(this.#failure)
  }
}

interface Question<TMessage, TAnswer> {
  readonly message: TMessage
  readonly resolve: (answer: TAnswer) => void
  readonly reject: (reason: unknown) => void
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { QueryErrorReason } from '../../query-error'

/** A thread or a process that takes messages one after the other. */
export interface Peer {
  /** @param transfer what may be moved instead of copied, where that can be done */
  post(message: unknown, transfer: ArrayBuffer[]): void
  onMessage(listener: (message: unknown) => void): void
  /** Once it has ended, whether or not it was stopped. */
  onEnd(listener: (message: string, cause?: Error) => void): void
  /** Whether this process waits for it before it ends. */
  ref(): void
  unref(): void
  /** Resolves when it is no more. */
  stop(): Promise<void>
}

/** What it says to a question. An error's class would be lost on the way. */
export type PeerAnswer<TAnswer> =
  { readonly answer: TAnswer } | { readonly reason: QueryErrorReason; readonly message: string }

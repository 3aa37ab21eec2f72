// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { MessagePort } from 'node:worker_threads'
import type { ObjectStore } from '../../storage/object-store'
import { StorageError } from '../../storage/storage-error'

// A store can't move to another thread: it has sockets, and may be of the app's own making. So a
// worker asks for what it reads, and gets it a piece at a time, as fast as it asks.

export type SharedOperation = 'list' | 'listFolders' | 'read' | 'head' | 'get'

/** Begins something (`operation`), asks for the next piece of it, or leaves it. */
export interface StoreRequest {
  readonly id: number
  readonly operation?: SharedOperation
  readonly argument?: string
  readonly options?: object
  readonly isLeft?: boolean
}

export interface StoreReply {
  readonly id: number
  readonly done?: boolean
  readonly value?: unknown
  readonly error?: { code: string; message: string; key?: string }
}

export interface ServeStoreOptions {
  /** Which objects a listing shows. */
  isShown: (key: string) => boolean
  onRead: (bytes: number) => void
  signal: AbortSignal
}

/** Lets a worker at the other end of `port` read from a store, until the port is closed. */
export function serveStore(
  store: ObjectStore,
  port: MessagePort,
  { isShown, onRead, signal }: ServeStoreOptions,
): void {
  const running = new Map<number, AsyncIterator<unknown>>()

  const reply = async (id: number, pieces: AsyncIterator<unknown>): Promise<void> => {
    let answer: StoreReply
    try {
      const piece = await pieces.next()
      if (piece.done) running.delete(id)
      answer = { id, done: piece.done === true, value: piece.value as unknown }
    } catch (error) {
      running.delete(id)
      answer = { id, error: describe(error) }
    }
    port.postMessage(answer)
  }

  port.on('message', ({ id, operation, argument = '', options, isLeft }: StoreRequest) => {
    if (operation) running.set(id, piecesOf(operation, argument, options))
    const pieces = running.get(id)
    if (!pieces) return
    if (!isLeft) return void reply(id, pieces)
    running.delete(id)
    // Whoever left it does not wait for its end.
    pieces.return?.().catch(() => undefined)
  })

  async function* piecesOf(
    operation: SharedOperation,
    argument: string,
    given: object = {},
  ): AsyncGenerator<unknown, void, undefined> {
    const options = { ...given, signal }
    switch (operation) {
      case 'list':
        for await (const object of store.list(argument, options)) {
          if (isShown(object.key)) yield object
        }
        return
      case 'listFolders':
        yield* store.listFolders(argument, options)
        return
      case 'read':
        for await (const chunk of store.read(argument, options) as AsyncIterable<Uint8Array>) {
          onRead(chunk.length)
          yield chunk
        }
        return
      case 'head':
        yield await store.head(argument, options)
        return
      case 'get':
        yield await store.get(argument, options)
    }
  }
}

function describe(error: unknown): NonNullable<StoreReply['error']> {
  if (error instanceof StorageError) {
    return { code: error.code, message: error.message, key: error.key }
  }
  return { code: 'FAILED', message: error instanceof Error ? error.message : String(error) }
}

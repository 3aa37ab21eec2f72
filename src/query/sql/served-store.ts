// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import type { MessagePort } from 'node:worker_threads'
import type { ObjectInfo, ObjectStore, StoredObject } from '../../storage/object-store'
import { StorageError, type StorageErrorCode } from '../../storage/storage-error'
import type { SharedOperation, StoreReply, StoreRequest } from './serve-store'

/** Reads, from a worker, from the store that the other end of `port` serves. */
export function createServedStore(port: MessagePort): ObjectStore {
  return new ServedStore(port)
}

class ServedStore implements ObjectStore {
  readonly url = 'the store of another thread'
  readonly #port: MessagePort
  readonly #waiting = new Map<number, (reply: StoreReply) => void>()
  #nextId = 0

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', (reply: StoreReply) => {
      const settle = this.#waiting.get(reply.id)
      this.#waiting.delete(reply.id)
      settle?.(reply)
    })
  }

  list(prefix: string, options?: object): AsyncIterable<ObjectInfo> {
    return this.#pieces<ObjectInfo>('list', prefix, options)
  }

  listFolders(prefix: string, options?: object): AsyncIterable<string> {
    return this.#pieces<string>('listFolders', prefix, options)
  }

  read(key: string, options?: object): Readable {
    const chunks = this.#pieces<Uint8Array>('read', key, options)
    return Readable.from(buffersOf(chunks), { objectMode: false })
  }

  async head(key: string, options?: object): Promise<ObjectInfo | undefined> {
    for await (const found of this.#pieces<ObjectInfo | undefined>('head', key, options))
      return found
    return undefined
  }

  async get(key: string, options?: object): Promise<StoredObject> {
    for await (const object of this.#pieces<StoredObject>('get', key, options)) return object
    throw new StorageError('NOT_FOUND', `there is no object '${key}'`, key)
  }

  put(key: string): Promise<ObjectInfo> {
    return Promise.reject(onlyReads(key))
  }

  delete(key: string): Promise<void> {
    return Promise.reject(onlyReads(key))
  }

  check(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#port.close()
    return Promise.resolve()
  }

  async *#pieces<T>(
    operation: SharedOperation,
    argument: string,
    options: object = {},
  ): AsyncGenerator<T, void, undefined> {
    const id = this.#nextId++
    // A signal stays with its thread; the other end has one of its own.
    const cloneable = { ...options, signal: undefined }
    let request: StoreRequest = { id, operation, argument, options: cloneable }
    let hasEnded = false
    try {
      for (;;) {
        const { done, value, error } = await this.#ask(request)
        hasEnded = done === true || error !== undefined
        // Named by the other end, which has the same codes.
        if (error) throw new StorageError(error.code as StorageErrorCode, error.message, error.key)
        if (hasEnded) return
        // What the operation gives, cloned.
        yield value as T
        request = { id }
      }
    } finally {
      if (!hasEnded) this.#port.postMessage({ id, isLeft: true })
    }
  }

  #ask(request: StoreRequest): Promise<StoreReply> {
    return new Promise((resolve) => {
      this.#waiting.set(request.id, resolve)
      this.#port.postMessage(request)
    })
  }
}

async function* buffersOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const { buffer, byteOffset, byteLength } of chunks) {
    yield Buffer.from(buffer, byteOffset, byteLength)
  }
}

function onlyReads(key: string): StorageError {
  return new StorageError('FAILED', `'${key}' can't be written: a worker only reads`, key)
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import { MemoryStore } from '../../../src/storage/memory-store'
import type {
  ObjectInfo,
  ObjectStore,
  OperationOptions,
  PutOptions,
  StoredObject,
} from '../../../src/storage/object-store'
import { StorageError } from '../../../src/storage/storage-error'

/**
 * A store in a trouble that a real one can't be put into at will:
 * - `down`: every operation fails at once
 * - `hanging`: no operation ever ends, unless it is aborted
 * - `full`: what is there can be read, nothing can be written
 */
export type Trouble = 'none' | 'down' | 'hanging' | 'full'

export class TroubledStore implements ObjectStore {
  readonly url = 'memory:troubled'
  readonly inner = new MemoryStore()
  operations = 0

  constructor(public trouble: Trouble) {}

  put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo> {
    return this.#run(key, options, () => this.inner.put(key, body, options), true)
  }

  get(key: string, options: OperationOptions = {}): Promise<StoredObject> {
    return this.#run(key, options, () => this.inner.get(key, options))
  }

  head(key: string, options: OperationOptions = {}): Promise<ObjectInfo | undefined> {
    return this.#run(key, options, () => this.inner.head(key, options))
  }

  async *list(prefix: string, options: OperationOptions = {}): AsyncIterable<ObjectInfo> {
    await this.#run(prefix, options, async () => undefined)
    yield* this.inner.list(prefix, options)
  }

  async *listFolders(prefix: string, options: OperationOptions = {}): AsyncIterable<string> {
    await this.#run(prefix, options, async () => undefined)
    yield* this.inner.listFolders(prefix, options)
  }

  read(key: string, options: OperationOptions = {}): Readable {
    return Readable.from(
      (async function* (store: TroubledStore) {
        await store.#run(key, options, async () => undefined)
        yield* store.inner.read(key, options) as AsyncIterable<Buffer>
      })(this),
    )
  }

  delete(key: string, options: OperationOptions = {}): Promise<void> {
    return this.#run(key, options, () => this.inner.delete(key, options))
  }

  check(options: OperationOptions = {}): Promise<void> {
    return this.#run('', options, async () => undefined)
  }

  close(): Promise<void> {
    return this.inner.close()
  }

  async #run<T>(
    key: string,
    { signal }: OperationOptions,
    operation: () => Promise<T>,
    isWrite = false,
  ): Promise<T> {
    this.operations++
    if (this.trouble === 'down') throw new StorageError('UNAVAILABLE', 'nobody answers', key)
    if (this.trouble === 'full' && isWrite) throw new StorageError('FULL', 'no room left', key)
    if (this.trouble === 'hanging') {
      await new Promise<never>((_, reject) => {
        const abort = (): void => reject(new StorageError('ABORTED', 'aborted', key))
        if (signal?.aborted) abort()
        signal?.addEventListener('abort', abort, { once: true })
      })
    }
    return operation()
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Readable } from 'node:stream'
import { byteRange } from './byte-range'
import { assertFolder, assertKey, assertPrefix, compareKeys } from './object-key'
import { objectReadable } from './object-readable'
import type {
  ListOptions,
  ObjectInfo,
  ObjectStore,
  OperationOptions,
  PutOptions,
  ReadOptions,
  StoredObject,
} from './object-store'
import { PendingOperations } from './pending-operations'
import { assertPrecondition } from './precondition'
import { StorageError } from './storage-error'

type Objects = Map<string, StoredObject>

const SHARED_OBJECTS = Symbol.for('otel-tape.shared-memory')

/**
 * Named stores of the whole process, whichever door of the package opened them:
 * each door may have a copy of this module.
 */
function sharedObjects(): Map<string, Objects> {
  const holder = globalThis as { [SHARED_OBJECTS]?: Map<string, Objects> }
  return (holder[SHARED_OBJECTS] ??= new Map<string, Objects>())
}

/**
 * Keeps objects in this process' memory, for tests and demos. Bytes are copied
 * on the way in and on the way out, so that nobody can alter what is stored.
 *
 * Stores of the same `name` share their objects as long as the process lives; a
 * store without a name has its own.
 *
 * @example
 * const store = new MemoryStore()
 * await store.put('greeting', Buffer.from('hello'))
 * const { body } = await store.get('greeting')
 */
export class MemoryStore implements ObjectStore {
  readonly url: string
  readonly #objects: Objects
  readonly #operations: PendingOperations

  constructor(name?: string) {
    this.url = `memory:${name ?? ''}`
    this.#objects = name ? objectsNamed(name) : new Map<string, StoredObject>()
    this.#operations = new PendingOperations(this.url)
  }

  async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo> {
    assertKey(key)
    return this.#operations.run({ name: 'put', key, signal: options.signal }, async () => {
      const current = this.#objects.get(key)
      assertPrecondition(key, current, options)
      const stored: StoredObject = {
        key,
        sizeBytes: body.byteLength,
        etag: nextEtag(),
        lastModified: new Date(),
        body: Uint8Array.from(body),
      }
      this.#objects.set(key, stored)
      return infoOf(stored)
    })
  }

  async get(key: string, options: OperationOptions = {}): Promise<StoredObject> {
    assertKey(key)
    return this.#operations.run({ name: 'get', key, signal: options.signal }, async () => {
      const stored = this.#existing(key)
      return { ...infoOf(stored), body: Uint8Array.from(stored.body) }
    })
  }

  read(key: string, options: ReadOptions = {}): Readable {
    return objectReadable((signal) => this.#chunks(key, options, signal), options.signal)
  }

  async *#chunks(key: string, options: ReadOptions, signal: AbortSignal) {
    assertKey(key)
    const { startBytes, endBytes } = byteRange(key, options)
    const body = await this.#operations.run({ name: 'read', key, signal }, async () =>
      this.#existing(key).body.slice(startBytes, endBytes),
    )
    if (body.length > 0) yield body
  }

  async head(key: string, options: OperationOptions = {}): Promise<ObjectInfo | undefined> {
    assertKey(key)
    return this.#operations.run({ name: 'head', key, signal: options.signal }, async () => {
      const stored = this.#objects.get(key)
      return stored && infoOf(stored)
    })
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ObjectInfo, void> {
    assertPrefix(prefix)
    const { startAfter = '', signal } = options
    const target = { name: 'list', key: prefix, signal }
    const keys = await this.#operations.run(target, async () =>
      [...this.#objects.keys()]
        .filter((key) => key.startsWith(prefix) && compareKeys(key, startAfter) > 0)
        .sort(compareKeys),
    )
    for (const key of keys) {
      const stored = await this.#operations.run(target, async () => this.#objects.get(key))
      if (stored) yield infoOf(stored)
    }
  }

  async *listFolders(prefix: string, options: ListOptions = {}): AsyncGenerator<string, void> {
    assertFolder(prefix)
    const { startAfter = '' } = options
    let last: string | undefined
    for await (const { key } of this.list(prefix, { signal: options.signal })) {
      const end = key.indexOf('/', prefix.length) + 1
      const folder = key.slice(0, end)
      if (end === 0 || folder === last || compareKeys(folder, startAfter) <= 0) continue
      last = folder
      yield folder
    }
  }

  async delete(key: string, options: OperationOptions = {}): Promise<void> {
    assertKey(key)
    await this.#operations.run({ name: 'delete', key, signal: options.signal }, async () =>
      this.#objects.delete(key),
    )
  }

  async check(options: OperationOptions = {}): Promise<void> {
    await this.#operations.run({ name: 'check', key: '', signal: options.signal }, async () => {})
  }

  async close(): Promise<void> {
    await this.#operations.close()
  }

  #existing(key: string): StoredObject {
    const stored = this.#objects.get(key)
    if (stored) return stored
    throw new StorageError('NOT_FOUND', `There is no object '${key}' in ${this.url}.`, key)
  }
}

function objectsNamed(name: string): Objects {
  const objects = sharedObjects().get(name) ?? new Map<string, StoredObject>()
  sharedObjects().set(name, objects)
  return objects
}

let writes = 0

function nextEtag(): string {
  writes += 1
  return writes.toString(36)
}

function infoOf({ key, sizeBytes, etag, lastModified }: StoredObject): ObjectInfo {
  return { key, sizeBytes, etag, lastModified: new Date(lastModified) }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Readable } from 'node:stream'

export interface ObjectInfo {
  readonly key: string
  readonly sizeBytes: number
  /** Changes whenever the object changes; what `ifMatch` takes. Unquoted. */
  readonly etag: string
  readonly lastModified: Date
}

export interface StoredObject extends ObjectInfo {
  readonly body: Uint8Array
}

export interface OperationOptions {
  /** Ends the operation with `StorageError` of code `ABORTED`. */
  signal?: AbortSignal
}

export interface PutOptions extends OperationOptions {
  /** Write only if there is no object of that key yet. */
  ifAbsent?: boolean
  /** Write only if the object still has this etag. */
  ifMatch?: string
}

export interface ReadOptions extends OperationOptions {
  /** First byte to read, counted from 0. Default 0. */
  startBytes?: number
  /** How many bytes to read at the most; the object's end may come earlier. Default: all. */
  lengthBytes?: number
}

export interface ListOptions extends OperationOptions {
  /** List only what sorts after this key. */
  startAfter?: string
}

/**
 * Where bytes lie: keys to objects, as S3 knows them. Keys are `/`-separated,
 * relative, and sort by their UTF-8 bytes.
 *
 * Every operation has a time limit, retries what is worth retrying, and throws
 * {@link StorageError} alone.
 */
export interface ObjectStore {
  /** What this store is called in messages. Never holds a secret. */
  readonly url: string

  /** Writes a whole object, atomically: a reader sees the old one or the new one. */
  put(key: string, body: Uint8Array, options?: PutOptions): Promise<ObjectInfo>

  /** Reads a whole object into memory. For small ones; `read` streams. */
  get(key: string, options?: OperationOptions): Promise<StoredObject>

  /** Streams an object. A short body or a stall ends the stream with an error, never silently. */
  read(key: string, options?: ReadOptions): Readable

  /** What is known of an object without reading it; `undefined` if there is none. */
  head(key: string, options?: OperationOptions): Promise<ObjectInfo | undefined>

  /**
   * Every object whose key begins with `prefix`, in key order, a page at a time. An object whose key
   * no operation takes (`a//b`, or a console's marker of a folder, `a/`) is left out.
   */
  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo>

  /**
   * The folders directly below `prefix` (which ends with `/` or is empty), in
   * order, each ending with `/`, without visiting what is in them.
   */
  listFolders(prefix: string, options?: ListOptions): AsyncIterable<string>

  /** Removes an object. Removing what is not there is no error. */
  delete(key: string, options?: OperationOptions): Promise<void>

  /** Resolves when the store can be reached and used, and throws what is wrong if not. */
  check(options?: OperationOptions): Promise<void>

  /** Frees sockets and timers. Operations under way end with code `CLOSED`. */
  close(): Promise<void>
}

/** Whether a value, from whoever calls us, looks like a store. */
export function isObjectStore(value: unknown): value is ObjectStore {
  if (typeof value !== 'object' || value === null) return false
  return ['put', 'get', 'list'].every((method) => method in value)
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { byteRange } from './byte-range'
import {
  type MinioStoreOptions,
  type ResolvedMinioStoreOptions,
  resolveOptions,
} from './minio-store-options'
import { countedAttempts, measuredOperation } from './measured-operation'
import { assertFolder, assertKey, assertPrefix, compareKeys, isFolder, isKey } from './object-key'
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
import { type Attempt, retrying } from './retry'
import type { S3Body } from './s3-body'
import { S3Bucket, type S3Write } from './s3-bucket'
import { S3Connection } from './s3-connection'
import {
  hasStatus,
  isMissing,
  isNetworkError,
  isRetryableS3Error,
  retryAfterMillis,
  s3Error,
} from './s3-error'
import type { S3ListingPage } from './s3-listing'
import { StorageError, isStorageError } from './storage-error'

/** Somebody waits for the answer of a check; thirty seconds of retries would look like a hang. */
const CHECK_ATTEMPTS = 3
/** A server that never answered is more likely to be at another address than about to restart. */
const UNREACHED_ATTEMPTS = 3

/**
 * Keeps objects in a bucket of MinIO, or of any other S3 server. The bucket is
 * made at the first write, if there is none.
 *
 * Every request has a time limit and is retried, signed anew, while that helps;
 * where nothing ever answered, a connection that fails is given up after three attempts.
 * A conditional write whose answer got lost is found out to have succeeded. The
 * waits between attempts don't keep the process alive: a program with nothing
 * else to do has to hold itself while it waits for an operation.
 *
 * @example
 * const store = new MinioStore({
 *   endpoint: 'http://localhost:9000',
 *   accessKey: 'minioadmin',
 *   secretKey: 'minioadmin',
 *   bucket: 'recordings',
 * })
 * await store.check()
 */
export class MinioStore implements ObjectStore {
  readonly url: string
  readonly #options: ResolvedMinioStoreOptions
  readonly #connection: S3Connection
  readonly #bucket: S3Bucket
  readonly #operations: PendingOperations

  constructor(options: MinioStoreOptions) {
    this.#options = resolveOptions(options)
    const { bucket, prefix, region, attemptTimeoutMillis } = this.#options
    this.url = `s3://${bucket}${prefix && `/${prefix.slice(0, -1)}`}`
    this.#connection = new S3Connection({
      ...this.#options,
      idleTimeoutMillis: attemptTimeoutMillis,
    })
    this.#bucket = new S3Bucket(this.#connection, bucket, region)
    this.#operations = new PendingOperations(this.url)
  }

  /** The bytes must stay as they are until the promise is settled. */
  async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo> {
    assertKey(key)
    const { ifAbsent, ifMatch, signal } = options
    const isConditional = ifAbsent === true || ifMatch !== undefined
    const write = { ifAbsent, ifMatch, writeId: isConditional ? randomUUID() : undefined }
    const info = await this.#retrying('put', key, signal, (attemptSignal, attemptNumber) =>
      this.#putOnce(key, body, write, attemptSignal, attemptNumber),
    )
    return infoOf(key, info)
  }

  async get(key: string, options: OperationOptions = {}): Promise<StoredObject> {
    assertKey(key)
    const stored = await this.#retrying('get', key, options.signal, (signal) =>
      this.#bucket.get(this.#nameOf(key), signal),
    )
    return { ...stored, key }
  }

  read(key: string, options: ReadOptions = {}): Readable {
    return objectReadable((signal) => this.#chunks(key, options, signal), options.signal)
  }

  /**
   * Each turn opens the object where the last one broke off, and brings at least
   * one chunk: a broken connection costs nothing but a request.
   */
  async *#chunks(key: string, options: ReadOptions, signal: AbortSignal) {
    assertKey(key)
    const { startBytes, endBytes } = byteRange(key, options)
    let position = startBytes
    let etag: string | undefined
    while (position < endBytes) {
      const opened = await this.#open(key, position, endBytes, signal)
      if (!opened) return
      const { body } = opened
      try {
        etag ??= body.etag
        if (body.etag !== etag) throw replaced(key)
        let chunk = opened.firstChunk
        while (chunk) {
          position += chunk.length
          yield chunk
          chunk = await this.#nextChunk(key, body, signal)
        }
        return
      } catch (error) {
        // Silence, or a broken connection: the next turn goes on behind the last chunk.
        if (!isRetryableS3Error(error) && !isStorageError(error, 'TIMEOUT')) {
          throw s3Error(error, 'read', key, this.#place())
        }
      } finally {
        body.destroy()
      }
    }
  }

  async head(key: string, options: OperationOptions = {}): Promise<ObjectInfo | undefined> {
    assertKey(key)
    const found = await this.#retrying('head', key, options.signal, (signal) =>
      this.#bucket.head(this.#nameOf(key), signal),
    )
    return found && infoOf(key, found)
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ObjectInfo, void> {
    assertPrefix(prefix)
    for await (const { objects } of this.#pages(prefix, '', options)) {
      for (const info of objects) {
        const key = this.#keyOf(info.key, prefix)
        if (isKey(key)) yield { ...info, key }
      }
    }
  }

  async *listFolders(prefix: string, options: ListOptions = {}): AsyncGenerator<string, void> {
    assertFolder(prefix)
    const { startAfter = '' } = options
    for await (const { folders } of this.#pages(prefix, '/', options)) {
      const keys = folders.map((folder) => this.#keyOf(folder, prefix)).filter(isFolder)
      // A server may list the folder that holds startAfter.
      yield* keys.filter((folder) => compareKeys(folder, startAfter) > 0)
    }
  }

  async delete(key: string, options: OperationOptions = {}): Promise<void> {
    assertKey(key)
    await this.#retrying('delete', key, options.signal, (signal) =>
      this.#bucket.delete(this.#nameOf(key), signal),
    )
  }

  async check(options: OperationOptions = {}): Promise<void> {
    await this.#retrying(
      'check',
      '',
      options.signal,
      async (signal) => {
        if (!(await this.#bucket.exists(signal))) await this.#bucket.create(signal)
      },
      CHECK_ATTEMPTS,
    )
  }

  async close(): Promise<void> {
    await this.#operations.close()
    this.#connection.destroy()
  }

  async #putOnce(
    key: string,
    body: Uint8Array,
    write: S3Write,
    signal: AbortSignal,
    attemptNumber: number,
  ): Promise<ObjectInfo> {
    const name = this.#nameOf(key)
    try {
      return await this.#bucket.put(name, body, write, signal)
    } catch (error) {
      if (write.ifMatch === undefined && isMissingBucket(error)) {
        await this.#bucket.create(signal)
        return await this.#bucket.put(name, body, write, signal)
      }
      if (write.writeId !== undefined && attemptNumber > 1 && hasStatus(error, 412)) {
        // An earlier attempt may have got through, and its answer got lost.
        const found = await this.#bucket.head(name, signal)
        if (found?.writeId === write.writeId) return found
      }
      if (write.ifMatch !== undefined && isMissing(error)) throw vanished(key, error)
      throw error
    }
  }

  async #open(key: string, startBytes: number, endBytes: number, signal: AbortSignal) {
    return this.#retrying('read', key, signal, async (attemptSignal) => {
      try {
        const body = await this.#bucket.open(this.#nameOf(key), startBytes, endBytes, attemptSignal)
        const firstChunk = await body.next()
        body.stopIdleTimeout()
        return { body, firstChunk }
      } catch (error) {
        // The range begins at the object's end, or behind it.
        if (hasStatus(error, 416)) return undefined
        throw error
      }
    })
  }

  async #nextChunk(key: string, body: S3Body, signal: AbortSignal): Promise<Buffer | undefined> {
    const timeoutMillis = this.#options.attemptTimeoutMillis
    return this.#operations.run({ name: 'read', key, signal, timeoutMillis }, () => body.next())
  }

  async *#pages(
    prefix: string,
    delimiter: string,
    { startAfter, signal }: ListOptions,
  ): AsyncGenerator<S3ListingPage, void> {
    const request = {
      prefix: this.#nameOf(prefix),
      delimiter,
      startAfter: startAfter ? this.#nameOf(startAfter) : '',
    }
    let continuationToken: string | undefined
    do {
      const page = await this.#retrying('list', prefix, signal, (attemptSignal) =>
        this.#bucket.listPage({ ...request, continuationToken }, attemptSignal),
      )
      yield page
      continuationToken = page.continuationToken
    } while (continuationToken !== undefined)
  }

  async #retrying<T>(
    name: string,
    key: string,
    signal: AbortSignal | undefined,
    attempt: Attempt<T>,
    maxAttempts?: number,
  ): Promise<T> {
    const { timeoutMillis, initialDelayMillis } = this.#options
    const limits = { timeoutMillis, initialDelayMillis, maxAttempts }
    const run = () =>
      this.#operations.run({ name, key, signal }, (ending) =>
        retrying(countedAttempts(name, attempt), {
          ...limits,
          isRetryable: (error, attemptNumber) => this.#isRetryable(error, attemptNumber),
          delayHintMillis: retryAfterMillis,
          signal: ending,
        }),
      )
    return measuredOperation(name, async () => {
      try {
        return await run()
      } catch (error) {
        throw s3Error(error, name, key, this.#place())
      }
    })
  }

  #isRetryable(error: unknown, attemptNumber: number): boolean {
    if (!isRetryableS3Error(error)) return false
    return (
      this.#connection.isReached || !isNetworkError(error) || attemptNumber < UNREACHED_ATTEMPTS
    )
  }

  #place(): string {
    return `${this.url} at ${this.#options.endpoint.url}`
  }

  #nameOf(key: string): string {
    return this.#options.prefix + key
  }

  /** Whoever acts on what is listed must not act on another folder because the server names it. */
  #keyOf(name: string, prefix: string): string {
    if (name.startsWith(this.#nameOf(prefix))) return name.slice(this.#options.prefix.length)
    const message = `The server at ${this.#place()} listed an object that was not asked for, outside '${prefix}'.`
    throw new StorageError('FAILED', message, prefix)
  }
}

/** As the store's caller names it, and without what only we know of it. */
function infoOf(key: string, { sizeBytes, etag, lastModified }: ObjectInfo): ObjectInfo {
  return { key, sizeBytes, etag, lastModified }
}

function isMissingBucket(error: unknown): boolean {
  return isMissing(error) && error.code === 'NoSuchBucket'
}

function vanished(key: string, cause: unknown): StorageError {
  const message = `There is no object '${key}' that could still have the etag.`
  return new StorageError('PRECONDITION_FAILED', message, key, { cause })
}

function replaced(key: string): StorageError {
  return new StorageError('FAILED', `The object '${key}' was replaced while it was read.`, key)
}

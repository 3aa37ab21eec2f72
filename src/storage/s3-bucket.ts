// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { setImmediate as eventLoopTurn } from 'node:timers/promises'
import type { ObjectInfo, PutOptions, StoredObject } from './object-store'
import { S3Body } from './s3-body'
import type { S3Connection } from './s3-connection'
import { S3ShortBodyError, hasStatus, isMissing } from './s3-error'
import { type S3ListingPage, parseListing } from './s3-listing'

const PAGE_SIZE = 1000
const SUCCESS = [200, 204, 206]
/** A large body is hashed in pieces: at once, a segment would stop the app for some 10 ms. */
const HASHED_BYTES = 256 * 1024

/** Names the write that an object comes from, so that a writer who lost the answer finds out. */
const WRITE_ID_HEADER = 'x-amz-meta-otel-tape-write'

export interface S3Write extends Pick<PutOptions, 'ifAbsent' | 'ifMatch'> {
  readonly writeId?: string
}

export interface S3ObjectInfo extends ObjectInfo {
  readonly writeId: string | undefined
}

export interface S3ListRequest {
  readonly prefix: string
  readonly delimiter: string
  readonly startAfter: string
  readonly continuationToken: string | undefined
}

interface S3Request {
  readonly method: string
  readonly objectName?: string
  readonly query?: string
  readonly headers?: Record<string, string>
  readonly body?: Buffer
}

/** The requests that a store makes of one bucket: one attempt each, and keys as the server has them. */
export class S3Bucket {
  readonly #connection: S3Connection
  readonly #name: string
  readonly #region: string

  constructor(connection: S3Connection, name: string, region: string) {
    this.#connection = connection
    this.#name = name
    this.#region = region
  }

  async create(signal: AbortSignal): Promise<void> {
    try {
      await this.#connection.call((client) => client.makeBucket(this.#name, this.#region), signal)
    } catch (error) {
      // Another process was faster. If it is not ours, the next request says so.
      if (!hasStatus(error, 409) || error.code === 'OperationAborted') throw error
    }
  }

  async exists(signal: AbortSignal): Promise<boolean> {
    try {
      drain(await this.#send({ method: 'HEAD' }, signal))
      return true
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }

  async put(
    key: string,
    body: Uint8Array,
    { ifAbsent, ifMatch, writeId }: S3Write,
    signal: AbortSignal,
  ): Promise<ObjectInfo> {
    const headers: Record<string, string> = { 'content-type': 'application/octet-stream' }
    if (ifAbsent) headers['if-none-match'] = '*'
    // Without quotes: Ceph compares them as a part of the etag.
    if (ifMatch !== undefined) headers['if-match'] = ifMatch
    if (writeId !== undefined) headers[WRITE_ID_HEADER] = writeId
    // A view on the same bytes, not a copy.
    const view = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    const response = await this.#send(
      { method: 'PUT', objectName: key, headers, body: view },
      signal,
    )
    drain(response)
    return {
      key,
      sizeBytes: body.byteLength,
      etag: etagOf(response.headers),
      lastModified: new Date(response.headers.date ?? Date.now()),
    }
  }

  async get(key: string, signal: AbortSignal): Promise<StoredObject> {
    const response = await this.#send({ method: 'GET', objectName: key }, signal)
    const body = await bodyOf(response)
    return { ...infoOf(key, response.headers), sizeBytes: body.length, body }
  }

  /** Opens the bytes from `startBytes` to before `endBytes`, which may be `Infinity`. */
  async open(
    key: string,
    startBytes: number,
    endBytes: number,
    signal: AbortSignal,
  ): Promise<S3Body> {
    const isWhole = startBytes === 0 && endBytes === Infinity
    const last = endBytes === Infinity ? '' : endBytes - 1
    const headers: Record<string, string> = isWhole ? {} : { range: `bytes=${startBytes}-${last}` }
    const response = await this.#send({ method: 'GET', objectName: key, headers }, signal)
    if (!isWhole && response.statusCode !== 206) {
      response.destroy()
      throw new Error(`the server ignores ranges, it answered ${response.statusCode}`)
    }
    return new S3Body(response, etagOf(response.headers), lengthOf(response.headers))
  }

  async head(key: string, signal: AbortSignal): Promise<S3ObjectInfo | undefined> {
    try {
      const response = await this.#send({ method: 'HEAD', objectName: key }, signal)
      drain(response)
      const writeId = response.headers[WRITE_ID_HEADER]
      return {
        ...infoOf(key, response.headers),
        writeId: typeof writeId === 'string' ? writeId : undefined,
      }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  async listPage(request: S3ListRequest, signal: AbortSignal): Promise<S3ListingPage> {
    try {
      const response = await this.#send({ method: 'GET', query: listQuery(request) }, signal)
      return parseListing((await bodyOf(response)).toString('utf8'))
    } catch (error) {
      // No bucket yet, so nothing is in it.
      if (!isMissing(error)) throw error
      return { objects: [], folders: [], continuationToken: undefined }
    }
  }

  async delete(key: string, signal: AbortSignal): Promise<void> {
    try {
      drain(await this.#send({ method: 'DELETE', objectName: key }, signal))
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }

  /**
   * By the client's general requests: its `putObject` copies the body, hashes it twice,
   * and asks for the bucket's region.
   */
  async #send(request: S3Request, signal: AbortSignal): Promise<IncomingMessage> {
    const { body, ...rest } = request
    const options = { ...rest, bucketName: this.#name }
    if (body === undefined) {
      return this.#connection.call(
        (client) => client.makeRequestAsync(options, '', SUCCESS, this.#region),
        signal,
      )
    }
    const headers = { ...rest.headers, 'content-length': String(body.length) }
    const sha256 = this.#connection.signsBodies ? await sha256Of(body, signal) : ''
    return this.#connection.call(
      (client) =>
        client.makeRequestStreamAsync({ ...options, headers }, body, sha256, SUCCESS, this.#region),
      signal,
    )
  }
}

async function sha256Of(body: Buffer, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for (let at = 0; at < body.length; at += HASHED_BYTES) {
    if (at > 0) await eventLoopTurn(undefined, { signal })
    hash.update(body.subarray(at, at + HASHED_BYTES))
  }
  return hash.digest('hex')
}

/** Lets the socket serve again. */
function drain(response: IncomingMessage): void {
  response.on('error', () => {})
  response.resume()
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  const announced = lengthOf(response.headers, body.length)
  if (body.length === announced) return body
  throw new S3ShortBodyError(`${body.length} bytes came of ${announced}`)
}

function infoOf(key: string, headers: IncomingHttpHeaders): ObjectInfo {
  return {
    key,
    sizeBytes: lengthOf(headers),
    etag: etagOf(headers),
    lastModified: new Date(headers['last-modified'] ?? 0),
  }
}

function lengthOf(headers: IncomingHttpHeaders, otherwise = 0): number {
  const length = headers['content-length']
  return length === undefined ? otherwise : Number(length)
}

function etagOf(headers: IncomingHttpHeaders): string {
  return (headers.etag ?? '').replace(/^"|"$/g, '')
}

function listQuery({ prefix, delimiter, startAfter, continuationToken }: S3ListRequest): string {
  const parameters: Record<string, string | undefined> = {
    'continuation-token': continuationToken,
    delimiter,
    'encoding-type': 'url',
    'list-type': '2',
    'max-keys': String(PAGE_SIZE),
    prefix,
    'start-after': startAfter || undefined,
  }
  return Object.entries(parameters)
    .filter((parameter): parameter is [string, string] => parameter[1] !== undefined)
    .map(([name, value]) => `${name}=${escape(value)}`)
    .join('&')
}

/** As the signature wants it: `encodeURIComponent` leaves five characters more as they are. */
function escape(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { fileURLToPath } from 'node:url'
import { FileStore } from './file-store'
import { MemoryStore } from './memory-store'
import { MinioStore } from './minio-store'
import type { ObjectStore } from './object-store'
import { shownValue } from './shown-value'
import { StorageError } from './storage-error'

const DEFAULT_URL = 'file:.otel-tape'
const DEFAULT_BUCKET = 'otel-tape'

/** Environment variables by name; an empty one counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Opens the store that a URL names. Nothing is loaded, connected to or created
 * before the first operation.
 *
 * - `file:./folder`, `file:///folder`, or a bare path: a folder
 * - `memory:`: this process' memory, empty; `memory:name`: shared by all who name it so
 * - `s3://bucket/prefix`: MinIO or any S3, at `MINIO_ENDPOINT`, with
 *   `MINIO_ACCESS_KEY`, `MINIO_SECRET_KEY` and `MINIO_REGION`, or else the
 *   `AWS_…` variables; `s3://` alone takes the bucket from `MINIO_BUCKET`
 * - nothing: what `OTEL_TAPE_STORE` says; else MinIO, if `MINIO_ENDPOINT` is set;
 *   else the folder `.otel-tape`
 *
 * Throws `StorageError` of code `INVALID_URL`.
 *
 * @example
 * const store = openStore('file:./recordings')
 */
export function openStore(url?: string, environment: Environment = process.env): ObjectStore {
  assertUrl(url)
  const address = url || defaultUrl(environment)
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(address)?.[1].toLowerCase()
  switch (scheme) {
    case undefined:
      return new FileStore(address)
    case 'file':
      return new FileStore(folderOf(address))
    case 'memory':
      return new MemoryStore(address.slice('memory:'.length) || undefined)
    case 's3':
      return openS3(address, environment)
    default:
      throw invalid(
        `Can't open a store of ${kindOf(address, scheme)}. ` +
          `Use file:./folder, memory: or s3://bucket/prefix; a folder of that name as './…'.`,
      )
  }
}

/** A user's name stands before a colon as well. */
function kindOf(address: string, scheme: string): string {
  const isUser = address.includes('@') && !address.includes('://')
  return isUser ? 'this kind' : `the kind '${scheme}:'`
}

function assertUrl(url: unknown): void {
  if (url === undefined || typeof url === 'string') return
  throw invalid(
    `A store's URL must be a string such as 'file:./folder', 'memory:' or 's3://bucket/prefix', ` +
      `got ${shownValue(url)}.`,
  )
}

function defaultUrl(environment: Environment): string {
  return environment.OTEL_TAPE_STORE || (environment.MINIO_ENDPOINT ? 's3://' : DEFAULT_URL)
}

/** With `//` it is a URL, escapes and all; without, what follows is a path as it stands. */
function folderOf(address: string): string {
  if (!address.toLowerCase().startsWith('file://')) {
    const path = address.slice('file:'.length)
    if (path === '') throw invalid(`'${address}' names no folder; write file:./folder.`)
    return path
  }
  try {
    return fileURLToPath(address)
  } catch (error) {
    throw invalid(
      `This file URL names no folder here: ${(error as Error).message}. ` +
        `Write file:./folder or file:///absolute/folder.`,
    )
  }
}

function openS3(address: string, environment: Environment): ObjectStore {
  const [bucket, ...folders] = addressParts(address)
  const first = firstSetOf(environment)
  const region = first('MINIO_REGION', 'AWS_REGION', 'AWS_DEFAULT_REGION')
  return new MinioStore({
    bucket: bucket || first('MINIO_BUCKET') || DEFAULT_BUCKET,
    prefix: folders.join('/'),
    region,
    endpoint:
      first('MINIO_ENDPOINT', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL') ??
      amazonEndpoint(first('AWS_REGION', 'AWS_DEFAULT_REGION')),
    accessKey: required(first, 'MINIO_ACCESS_KEY', 'AWS_ACCESS_KEY_ID'),
    secretKey: required(first, 'MINIO_SECRET_KEY', 'AWS_SECRET_ACCESS_KEY'),
    // A token belongs to the keys that came with it.
    sessionToken: first('MINIO_ACCESS_KEY') ? undefined : first('AWS_SESSION_TOKEN'),
  })
}

/** Bucket and folders. No message repeats the address: what is wrong with it may be a password. */
function addressParts(address: string): string[] {
  const rest = address.slice('s3:'.length)
  if (rest !== '' && !rest.startsWith('//')) {
    throw invalid(`An s3 address begins with 's3://': s3://bucket/prefix.`)
  }
  const parts = rest.slice(2).split('/')
  if (parts[0].includes('@') || parts[0].includes(':')) {
    throw invalid(
      `An s3 address is s3://bucket/prefix, without host, port or credentials. ` +
        `Set MINIO_ENDPOINT, MINIO_ACCESS_KEY and MINIO_SECRET_KEY.`,
    )
  }
  if (/[?#]/.test(rest)) {
    throw invalid(`An s3 address takes no parameters: s3://bucket/prefix.`)
  }
  return parts
}

function amazonEndpoint(region: string | undefined): string {
  if (region) return `https://s3.${region}.amazonaws.com`
  throw invalid(
    `MINIO_ENDPOINT is not set; an s3 address needs it: MINIO_ENDPOINT=http://localhost:9000 ` +
      `(or AWS_ENDPOINT_URL; or, for Amazon's own S3, AWS_REGION).`,
  )
}

type First = (...names: string[]) => string | undefined

function firstSetOf(environment: Environment): First {
  return (...names) => {
    const name = names.find((candidate) => environment[candidate])
    return name === undefined ? undefined : environment[name]
  }
}

function required(first: First, name: string, fallback: string): string {
  const value = first(name, fallback)
  if (value) return value
  throw invalid(`${name} is not set, nor is ${fallback}; an s3 address needs one of them.`)
}

function invalid(message: string): StorageError {
  return new StorageError('INVALID_URL', message)
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { assertKey } from './object-key'
import { type S3Endpoint, parseEndpoint } from './s3-endpoint'
import { shownValue } from './shown-value'
import { StorageError, isStorageError } from './storage-error'

export interface MinioStoreOptions {
  /** `http://localhost:9000`, `https://s3.example.com`; without a scheme, http. */
  endpoint: string
  accessKey: string
  secretKey: string
  /** Of temporary credentials. */
  sessionToken?: string
  /** Default `us-east-1`, which MinIO takes for any. */
  region?: string
  /** Made at the first write, if it isn't there. */
  bucket: string
  /** Keys lie below this folder of the bucket. Default: the bucket itself. */
  prefix?: string
  /** Limit of one operation with all its retries, in milliseconds. Default 30,000. */
  timeoutMillis?: number
  /**
   * How long a server may keep silent before an attempt, or a read that has begun, is given up
   * and retried, in milliseconds. Default 10,000.
   */
  attemptTimeoutMillis?: number
  /** Upper bound of the first wait between two attempts, in milliseconds. Default 100. */
  initialDelayMillis?: number
  /** Connections at a time. Default 16. */
  maxSockets?: number
}

export type ResolvedMinioStoreOptions = Readonly<
  Required<Omit<MinioStoreOptions, 'endpoint' | 'sessionToken'>> & {
    endpoint: S3Endpoint
    sessionToken?: string
  }
>

const DEFAULTS = Object.freeze({
  region: 'us-east-1',
  prefix: '',
  timeoutMillis: 30_000,
  attemptTimeoutMillis: 10_000,
  initialDelayMillis: 100,
  maxSockets: 16,
})

/** Every option, and what its value must be. */
const EXPECTED: Readonly<Record<keyof MinioStoreOptions, string>> = {
  endpoint: `a URL such as 'http://localhost:9000'`,
  accessKey: 'a string',
  secretKey: 'a string',
  sessionToken: 'a string or left out',
  region: 'a string or left out',
  bucket: `a bucket's name such as 'recordings'`,
  prefix: 'a string or left out',
  timeoutMillis: 'a number above 0',
  attemptTimeoutMillis: 'a number above 0',
  initialDelayMillis: 'a number above 0',
  maxSockets: 'a number above 0',
}
const REQUIRED_TEXTS = ['endpoint', 'bucket', 'accessKey', 'secretKey'] as const
const OPTIONAL_TEXTS = ['sessionToken', 'region', 'prefix'] as const
const SECRETS: ReadonlySet<string> = new Set(['accessKey', 'secretKey', 'sessionToken'])

/** Fills in defaults and throws `INVALID_URL` for what can't work; no message repeats a secret. */
export function resolveOptions(options: MinioStoreOptions): ResolvedMinioStoreOptions {
  assertOptions(options)
  const { accessKey, secretKey, sessionToken, bucket } = options
  const resolved = {
    accessKey,
    secretKey,
    sessionToken,
    bucket,
    endpoint: parseEndpoint(options.endpoint),
    region: options.region || DEFAULTS.region,
    prefix: folderOf(options.prefix ?? DEFAULTS.prefix),
    timeoutMillis: options.timeoutMillis ?? DEFAULTS.timeoutMillis,
    attemptTimeoutMillis: options.attemptTimeoutMillis ?? DEFAULTS.attemptTimeoutMillis,
    initialDelayMillis: options.initialDelayMillis ?? DEFAULTS.initialDelayMillis,
    maxSockets: options.maxSockets ?? DEFAULTS.maxSockets,
  }
  if (!accessKey) throw invalid('A MinioStore needs an accessKey, got none.')
  if (!secretKey) throw invalid('A MinioStore needs a secretKey, got none.')
  assertBucketName(bucket)
  assertPositive('timeoutMillis', resolved.timeoutMillis)
  assertPositive('attemptTimeoutMillis', resolved.attemptTimeoutMillis)
  assertPositive('initialDelayMillis', resolved.initialDelayMillis)
  assertPositive('maxSockets', resolved.maxSockets)
  return resolved
}

/** A type says the same, but not to a program in JavaScript. */
function assertOptions(options: MinioStoreOptions): void {
  const given: unknown = options
  if (typeof given !== 'object' || given === null) {
    throw invalid(
      `A MinioStore needs an object of ${REQUIRED_TEXTS.join(', ')}, got ${shownValue(given)}.`,
    )
  }
  // The value of an unknown option is not repeated: it may be a misnamed secret.
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(EXPECTED, name))
  if (unknown !== undefined) {
    const known = Object.keys(EXPECTED).join(', ')
    throw invalid(`A MinioStore has no option '${unknown}'; it takes ${known}.`)
  }
  for (const name of REQUIRED_TEXTS) assertText(name, options[name])
  for (const name of OPTIONAL_TEXTS)
    if (options[name] !== undefined) assertText(name, options[name])
}

function assertText(name: keyof MinioStoreOptions, value: unknown): void {
  if (typeof value !== 'string') throw wrongOption(name, value)
}

function assertBucketName(bucket: string): void {
  const isName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(bucket)
  if (isName && !isAddress && !bucket.includes('..')) return
  throw invalid(
    `'${bucket}' is no bucket name: it takes 3 to 63 of a-z, 0-9, '.' and '-', ` +
      `begins and ends with a letter or digit, and is no IP address.`,
  )
}

function assertPositive(name: keyof MinioStoreOptions, value: number): void {
  if (Number.isFinite(value) && value > 0) return
  throw wrongOption(name, value)
}

function folderOf(prefix: string): string {
  const names = prefix.split('/')
  const first = names.findIndex((name) => name !== '')
  const trimmed = names.slice(first, names.findLastIndex((name) => name !== '') + 1).join('/')
  if (trimmed === '') return ''
  try {
    assertKey(trimmed)
  } catch (error) {
    throw isStorageError(error) ? invalid(`Bad prefix. ${error.message}`) : error
  }
  return `${trimmed}/`
}

function wrongOption(name: keyof MinioStoreOptions, value: unknown): StorageError {
  const isHidden = SECRETS.has(name) && value !== undefined
  const got = isHidden ? `a value of type ${typeof value}` : shownValue(value)
  return invalid(`The option ${name} of a MinioStore must be ${EXPECTED[name]}, got ${got}.`)
}

function invalid(message: string): StorageError {
  return new StorageError('INVALID_URL', message)
}

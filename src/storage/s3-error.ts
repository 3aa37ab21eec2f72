// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { isNativeError } from 'node:util/types'
import { RetryTimeoutError } from './retry'
import { S3IdleError } from './s3-connection'
import { S3ResponseError } from './s3-response-error'
import { StorageError, type StorageErrorCode, isStorageError } from './storage-error'

/** Fewer bytes came than the server announced. */
export class S3ShortBodyError extends Error {
  override readonly name = 'S3ShortBodyError'
}

const RETRYABLE_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 499])
/** Not implemented, and no room left: the same tomorrow. */
const FINAL_SERVER_STATUS: ReadonlySet<number> = new Set([501, 505, 507])
const RETRYABLE_CODE: ReadonlySet<string> = new Set([
  // Two conditional writes of one key met; neither is known to have failed.
  'ConditionalRequestConflict',
  'OperationAborted',
  'RequestTimeout',
  // The body was damaged on its way.
  'BadDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
])
const ACCESS_CODE: ReadonlySet<string> = new Set([
  'AccessDenied',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
  // Versity's, with status 404.
  'XAdminUserNotFound',
])
/** Not just any 404: at a wrong address, everything would look empty. */
const MISSING_CODE: ReadonlySet<string> = new Set([
  '',
  'NoSuchBucket',
  'NoSuchKey',
  'NoSuchVersion',
  'NotFound',
])
const FULL_CODE = /StorageFull|QuotaExceeded|InsufficientStorage/

export function isRetryableS3Error(error: unknown): boolean {
  if (error instanceof S3ResponseError) return isRetryableResponse(error)
  if (error instanceof S3IdleError || error instanceof S3ShortBodyError) return true
  return isNetworkError(error)
}

export function retryAfterMillis(error: unknown): number | undefined {
  return error instanceof S3ResponseError ? error.retryAfterMillis : undefined
}

export function hasStatus(error: unknown, status: number): error is S3ResponseError {
  return error instanceof S3ResponseError && error.status === status
}

/** Whether the server knows no such object, or no such bucket. */
export function isMissing(error: unknown): error is S3ResponseError {
  return hasStatus(error, 404) && MISSING_CODE.has(error.code)
}

/** What is behind a failed request, for the store's caller. */
export function s3Error(error: unknown, operation: string, key: string, url: string): StorageError {
  if (isStorageError(error)) return error
  const about = `The ${operation} of '${key}' in ${url} failed`
  const code = codeOf(error)
  return new StorageError(code, `${about}: ${textOf(error)}.${adviceOn(error, code)}`, key, {
    cause: error,
  })
}

/** What helps, as a sentence behind a blank; empty where nobody can tell. */
function adviceOn(error: unknown, code: StorageErrorCode): string {
  if (isNetworkError(error)) {
    return ' Check that the server is running and that its endpoint is right, http or https included.'
  }
  return ADVICE[code] ?? ''
}

const ADVICE: Readonly<Partial<Record<StorageErrorCode, string>>> = {
  ACCESS_DENIED: ' Check the access key, the secret key and the clock.',
  FULL: ' Make room in the store, or raise its quota.',
  TIMEOUT: ' Check that the server is well, and that nothing on the way to it holds answers up.',
  UNAVAILABLE: ' Try again when the server has recovered.',
}

function codeOf(error: unknown): StorageErrorCode {
  if (error instanceof RetryTimeoutError || error instanceof S3IdleError) return 'TIMEOUT'
  if (isRetryableS3Error(error)) return 'UNAVAILABLE'
  if (!(error instanceof S3ResponseError)) return 'FAILED'
  const { status, code } = error
  if (FULL_CODE.test(code) || status === 507) return 'FULL'
  if (status === 401 || status === 403 || ACCESS_CODE.has(code)) return 'ACCESS_DENIED'
  if (isMissing(error)) return 'NOT_FOUND'
  if (status === 412) return 'PRECONDITION_FAILED'
  return status >= 500 ? 'UNAVAILABLE' : 'FAILED'
}

function isRetryableResponse({ status, code }: S3ResponseError): boolean {
  if (RETRYABLE_CODE.has(code) || RETRYABLE_STATUS.has(status)) return true
  return status >= 500 && !FINAL_SERVER_STATUS.has(status) && !FULL_CODE.test(code)
}

/**
 * A connection that was refused, reset, cut, or answered with what is no HTTP.
 * Not EPROTO, nor any code about certificates: TLS fails the same way next time.
 * (Nor `instanceof Error`, which Node's own errors are not in a test runner's realm.)
 */
export function isNetworkError(error: unknown): boolean {
  const { code = '' } = isNativeError(error) ? (error as NodeJS.ErrnoException) : {}
  return /^(E[A-Z]+|EAI_AGAIN|HPE_\w+|ERR_STREAM_PREMATURE_CLOSE)$/.test(code) && code !== 'EPROTO'
}

function textOf(error: unknown): string {
  if (!isNativeError(error)) return String(error)
  const { code = '' } = error as NodeJS.ErrnoException
  const cause = error.cause === undefined ? '' : ` (before that: ${textOf(error.cause)})`
  const text = error.message || textOfAll(error) || code || error.name
  // The server's own text may end with a full stop, and ours does.
  return `${text.replace(/[\s.:]+$/, '')}${cause}`
}

/** A connection that failed on each of a host's addresses has no message, but their errors. */
function textOfAll(error: Error & { errors?: unknown }): string {
  return Array.isArray(error.errors) ? error.errors.map(textOf).join(', ') : ''
}

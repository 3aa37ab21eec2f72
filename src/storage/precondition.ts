// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ObjectInfo, PutOptions } from './object-store'
import { StorageError } from './storage-error'

/** Throws `PRECONDITION_FAILED` unless `current`, what is stored now, is what the caller expects. */
export function assertPrecondition(
  key: string,
  current: ObjectInfo | undefined,
  { ifAbsent, ifMatch }: PutOptions,
): void {
  if (ifAbsent && current) throw alreadyThere(key)
  if (ifMatch !== undefined && current?.etag !== ifMatch) throw changed(key, ifMatch, current?.etag)
}

export function alreadyThere(key: string, cause?: unknown): StorageError {
  const message = `There is an object '${key}' already.`
  return new StorageError('PRECONDITION_FAILED', message, key, { cause })
}

function changed(key: string, expectedEtag: string, etag?: string): StorageError {
  const found = etag === undefined ? 'there is none' : `it has ${etag} now`
  const message = `The object '${key}' no longer has the etag ${expectedEtag}: ${found}.`
  return new StorageError('PRECONDITION_FAILED', message, key)
}

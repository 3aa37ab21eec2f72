// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { StorageError, type StorageErrorCode, isStorageError } from './storage-error'

const CODES: Readonly<Record<string, StorageErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  // A folder where an object of that name would lie, or the other way round.
  EISDIR: 'NOT_FOUND',
  ENOTDIR: 'NOT_FOUND',
  EACCES: 'ACCESS_DENIED',
  EPERM: 'ACCESS_DENIED',
  EROFS: 'ACCESS_DENIED',
  ENOSPC: 'FULL',
  EDQUOT: 'FULL',
  ENAMETOOLONG: 'INVALID_KEY',
}

/** What a failed file operation means to the store's caller. */
export function fileError(error: unknown, operation: string, key: string): StorageError {
  if (isStorageError(error)) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  const meaning = CODES[code] ?? 'FAILED'
  if (meaning === 'NOT_FOUND' && (operation === 'put' || operation === 'check')) {
    return new StorageError(
      'FAILED',
      `Can't write '${key}', something is in its way: ${message}.`,
      key,
      {
        cause: error,
      },
    )
  }
  return new StorageError(meaning, `The ${operation} of '${key}' failed: ${message}.`, key, {
    cause: error,
  })
}

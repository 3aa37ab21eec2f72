// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { StorageError, isStorageError } from './storage-error'

/** What S3 allows a key, in UTF-8 bytes. */
const MAX_KEY_BYTES = 1024
/** What file systems, and MinIO on top of them, allow one name between slashes. */
const MAX_SEGMENT_BYTES = 255

/**
 * Throws `INVALID_KEY` unless the key means the same object in every store. A
 * key that one store would resolve (`a/../b`, `a//b`) and another would keep as
 * it is could name a file outside the store's folder.
 */
export function assertKey(key: string): void {
  if (key === '') throw invalid('key', key, 'is empty')
  assertUsable('key', key)
  for (const segment of key.split('/')) assertSegment('key', key, segment)
}

/** Throws `INVALID_KEY` unless keys can begin like this. The last segment may be the part of a name. */
export function assertPrefix(prefix: string): void {
  assertUsable('prefix', prefix)
  const complete = prefix.split('/').slice(0, -1)
  for (const segment of complete) assertSegment('prefix', prefix, segment)
}

/** Whether a key that was listed means an object in every store: a server may hold others. */
export function isKey(key: string): boolean {
  return isAccepted(() => assertKey(key))
}

/** The same of a folder. */
export function isFolder(prefix: string): boolean {
  return isAccepted(() => assertFolder(prefix))
}

function isAccepted(check: () => void): boolean {
  try {
    check()
    return true
  } catch (error) {
    if (isStorageError(error, 'INVALID_KEY')) return false
    throw error
  }
}

/** Throws `INVALID_KEY` unless the prefix is a folder: empty, or ending with `/`. */
export function assertFolder(prefix: string): void {
  assertPrefix(prefix)
  if (prefix !== '' && !prefix.endsWith('/')) {
    throw invalid('folder', prefix, `doesn't end with '/'`)
  }
}

/** What Windows takes for a device, whatever follows a dot. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)/i

/**
 * Throws `INVALID_KEY` for what Windows takes for another file than the key's: a device (`NUL`), a
 * stream of a file (`a:b`), a name that loses its end (`a.`, `a `).
 */
export function assertWindowsKey(key: string): void {
  for (const segment of key.split('/')) {
    const isPlain = !/[<>:"|?*\u0001-\u001f]|[. ]$/.test(segment) && !DEVICE.test(segment)
    if (!isPlain)
      throw invalid('key', key, `has the segment '${segment}', which Windows can't name`)
  }
}

/** The order of keys in every store: by UTF-8 bytes, which differs from `<` on strings beyond U+FFFF. */
export function compareKeys(left: string, right: string): number {
  if (left === right) return 0
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

function assertUsable(what: string, key: string): void {
  if (key.includes('\0')) throw invalid(what, key, 'contains a NUL character')
  // On Windows it separates folders, so 'a\..\b' would leave the store there.
  if (key.includes('\\')) throw invalid(what, key, 'contains a backslash')
  // A lone surrogate has no UTF-8: two different keys would become one.
  if (/\p{Surrogate}/u.test(key)) throw invalid(what, key, 'is not well-formed Unicode')
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw invalid(what, key, `is longer than ${MAX_KEY_BYTES} bytes`)
  }
}

function assertSegment(what: string, key: string, segment: string): void {
  if (segment === '') throw invalid(what, key, `has an empty segment; write 'a/b', no leading '/'`)
  if (segment === '.' || segment === '..') throw invalid(what, key, `has the segment '${segment}'`)
  if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) {
    throw invalid(what, key, `has a segment longer than ${MAX_SEGMENT_BYTES} bytes`)
  }
}

function invalid(what: string, key: string, problem: string): StorageError {
  const shown = key.length > 100 ? `${key.slice(0, 100)}…` : key
  return new StorageError('INVALID_KEY', `The ${what} ${JSON.stringify(shown)} ${problem}.`, key)
}

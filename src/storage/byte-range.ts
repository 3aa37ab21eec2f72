// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReadOptions } from './object-store'
import { StorageError } from './storage-error'

export interface ByteRange {
  readonly startBytes: number
  /** The byte behind the last one. `Infinity`: the object's end. */
  readonly endBytes: number
}

/** The range that a read asks for, which may lie beyond the object's end. */
export function byteRange(key: string, options: ReadOptions): ByteRange {
  const { startBytes = 0, lengthBytes = Infinity } = options
  assertCount('startBytes', startBytes, key)
  if (lengthBytes !== Infinity) assertCount('lengthBytes', lengthBytes, key)
  return { startBytes, endBytes: startBytes + lengthBytes }
}

function assertCount(name: string, value: number, key: string): void {
  if (Number.isSafeInteger(value) && value >= 0) return
  const message = `Can't read '${key}': ${name} must be a whole number of bytes, got ${value}.`
  throw new StorageError('FAILED', message, key)
}

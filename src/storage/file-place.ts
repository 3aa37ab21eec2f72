// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type FileHandle, link, mkdir, rename, stat, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { FileBoundary } from './file-boundary'
import { infoOfFile } from './file-listing'
import type { ObjectInfo, PutOptions } from './object-store'
import { alreadyThere, assertPrecondition } from './precondition'

/** How often a put makes its folder anew when deletes keep removing it as empty. */
const MAX_FOLDER_ATTEMPTS = 20

/** Where an object lies. */
export interface FilePlace {
  readonly key: string
  readonly path: string
  readonly boundary: FileBoundary
}

/** Puts the file in place unless there is one; `false` if this file system knows no hard links. */
export async function linkFile(temporary: string, place: FilePlace): Promise<boolean> {
  const { key, path, boundary } = place
  try {
    await inFolderOf(place, (safePath) => link(temporary, safePath))
    return true
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') {
      const found = await boundary.stat(path, key)
      throw found?.isDirectory() ? error : alreadyThere(key, error)
    }
    if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) return false
    throw error
  }
}

/** Renames the file over the object, if its preconditions hold. Runs under the object's lock. */
export async function replaceFile(
  temporary: string,
  place: FilePlace,
  options: PutOptions,
  assertHeld: () => void,
): Promise<ObjectInfo> {
  const { key, path, boundary } = place
  const current = await boundary.stat(path, key)
  assertPrecondition(key, current?.isFile() ? infoOfFile(key, current) : undefined, options)
  let stats = await stat(temporary, { bigint: true })
  if (current && current.mtimeNs >= stats.mtimeNs) {
    // The clock went back, or is slow: the object would keep its etag with another content.
    await setTime(temporary, Number(current.mtimeNs / 1000n) + 1)
    stats = await stat(temporary, { bigint: true })
  }
  assertHeld()
  await inFolderOf(place, (safePath) => rename(temporary, safePath))
  return infoOfFile(key, stats)
}

/** Does `work` where the object lies, making its folder as often as concurrent deletes remove it. */
async function inFolderOf(
  { key, path, boundary }: FilePlace,
  work: (path: string) => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await boundary.at(path, key, work)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' || attempt === MAX_FOLDER_ATTEMPTS) throw error
    }
    await mkdir(dirname(path), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
  }
}

/** The clock's milliseconds, with microseconds that tell two writes of the same one apart. */
export function nowMicros(): number {
  return Date.now() * 1000 + (Math.floor(performance.now() * 1000) % 1000)
}

/** Half a microsecond more, as seconds in a double may round down to the microsecond before. */
export async function setTime(file: FileHandle | string, micros: number): Promise<void> {
  const seconds = (micros + 0.5) / 1_000_000
  if (typeof file === 'string') await utimes(file, seconds, seconds)
  else await file.utimes(seconds, seconds)
}

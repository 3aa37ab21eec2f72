// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { BigIntStats, Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileBoundary } from './file-boundary'
import { compareKeys, isFolder, isKey } from './object-key'
import type { ObjectInfo } from './object-store'

/** Below the root, where files lie that are not finished yet. Never listed. */
export const PENDING_FOLDER = '.pending'

const PAGE_SIZE = 64

/** Where a listing is: an entry of a folder, with the key it stands for. */
interface Entry {
  readonly key: string
  readonly isFolder: boolean
}

/**
 * The files whose key begins with `prefix` and sorts after `startAfter`, a page
 * at a time, in key order. What vanishes meanwhile is left out.
 */
export async function* listFiles(
  boundary: FileBoundary,
  prefix: string,
  startAfter: string,
): AsyncGenerator<ObjectInfo[], void> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  yield* walk(boundary, folder, prefix, startAfter)
}

/** The folders directly below `folder`, each ending with `/`, in key order. */
export async function listSubfolders(boundary: FileBoundary, folder: string): Promise<string[]> {
  const entries = await entriesOf(boundary, folder)
  return entries.filter(({ isFolder }) => isFolder).map(({ key }) => key)
}

/**
 * Changes whenever the file does: every write sets a time of its own, in
 * microseconds, and each is a file of its own until it replaces the last one.
 */
export function infoOfFile(key: string, stats: BigIntStats): ObjectInfo {
  const parts = [stats.mtimeNs, stats.ino, stats.size]
  return {
    key,
    sizeBytes: Number(stats.size),
    etag: parts.map((part) => part.toString(36)).join('-'),
    lastModified: stats.mtime,
  }
}

async function* walk(
  boundary: FileBoundary,
  folder: string,
  prefix: string,
  startAfter: string,
): AsyncGenerator<ObjectInfo[], void> {
  let files: string[] = []
  for (const { key, isFolder } of await entriesOf(boundary, folder)) {
    if (!key.startsWith(prefix) || isPassed(key, isFolder, startAfter)) continue
    if (!isFolder) files.push(key)
    if (isFolder || files.length === PAGE_SIZE) {
      if (files.length > 0) yield await infosOf(boundary, folder, files)
      files = []
    }
    if (isFolder) yield* walk(boundary, key, prefix, startAfter)
  }
  if (files.length > 0) yield await infosOf(boundary, folder, files)
}

/** Whether everything there sorts before `startAfter`, or is it. */
function isPassed(key: string, isFolder: boolean, startAfter: string): boolean {
  if (isFolder && startAfter.startsWith(key)) return false
  return compareKeys(key, startAfter) <= 0
}

async function entriesOf(boundary: FileBoundary, folder: string): Promise<Entry[]> {
  let dirents: Dirent[]
  try {
    dirents = await boundary.in(join(boundary.root, folder), folder, (path) =>
      readdir(path, { withFileTypes: true }),
    )
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // ENOTDIR: below the root, an object that has the folder's name.
    if (code === 'ENOENT' || (code === 'ENOTDIR' && folder !== '')) return []
    throw error
  }
  return (
    dirents
      .filter((dirent) => dirent.isFile() || dirent.isDirectory())
      .filter((dirent) => folder !== '' || dirent.name !== PENDING_FOLDER)
      .map((dirent) => ({
        // With its '/', as 'a/b' comes after 'a.txt' though 'a' comes before.
        key: `${folder}${dirent.name}${dirent.isDirectory() ? '/' : ''}`,
        isFolder: dirent.isDirectory(),
      }))
      // What no operation takes: names of another tool's.
      .filter((entry) => (entry.isFolder ? isFolder : isKey)(entry.key))
      .sort((left, right) => compareKeys(left.key, right.key))
  )
}

/** Of files that lie in one folder. */
async function infosOf(
  boundary: FileBoundary,
  folder: string,
  keys: readonly string[],
): Promise<ObjectInfo[]> {
  const infoIn = async (path: string, key: string): Promise<ObjectInfo | undefined> => {
    const stats = await lstat(join(path, key.slice(folder.length)), { bigint: true })
    return stats.isFile() ? infoOfFile(key, stats) : undefined
  }
  try {
    const infos = await boundary.in(join(boundary.root, folder), folder, (path) =>
      Promise.all(keys.map((key) => infoIn(path, key).catch(undefinedIfGone))),
    )
    return infos.filter((info) => info !== undefined)
  } catch (error) {
    undefinedIfGone(error)
    return []
  }
}

function undefinedIfGone(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

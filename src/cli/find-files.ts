// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { FileStore } from '../storage/file-store'
import type { ObjectInfo } from '../storage/object-store'
import { UsageError } from './usage-error'

/** A file, as the reader of segments takes it. */
export interface FoundFile {
  /** Whose key `object` bears. */
  readonly store: FileStore
  readonly object: ObjectInfo
  readonly path: string
}

/** What a session folder holds besides telemetry. */
const BOOKKEEPING = /(^|\/)(metadata\.json|writers\/[^/]+\.json)$/

/**
 * The files that paths name, and those in the folders that they name.
 *
 * @throws UsageError when there is nothing at a path
 */
export async function findFiles(
  paths: readonly string[],
  signal: AbortSignal,
): Promise<FoundFile[]> {
  const found: FoundFile[] = []
  for (const path of paths) {
    const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`can't read '${path}': ${error.message}`)
    })
    if (stats.isDirectory()) found.push(...(await filesBelow(path, signal)))
    else found.push(await fileAt(path, signal))
  }
  return found
}

async function filesBelow(folder: string, signal: AbortSignal): Promise<FoundFile[]> {
  const store = new FileStore(folder)
  const found: FoundFile[] = []
  for await (const object of store.list('', { signal })) {
    if (BOOKKEEPING.test(object.key)) continue
    found.push({ store, object, path: join(folder, object.key) })
  }
  return found
}

async function fileAt(path: string, signal: AbortSignal): Promise<FoundFile> {
  const absolute = resolve(path)
  const store = new FileStore(dirname(absolute))
  const object = await store.head(basename(absolute), { signal })
  if (object === undefined) throw new UsageError(`'${path}' is no file`)
  return { store, object, path }
}

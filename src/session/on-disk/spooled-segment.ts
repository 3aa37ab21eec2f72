// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { MalformedOtlpError } from '../../otlp/malformed-otlp-error'
import { fileError } from '../../storage/file-error'
import { FileStore } from '../../storage/file-store'
import type { ObjectInfo, ObjectStore } from '../../storage/object-store'
import type { CountedBatch } from '../counted-batch'
import type { Damage } from '../damage'
import { readSegment } from '../reading/segment-reader'
import { WriteAheadError } from './write-ahead-error'
import {
  type JournaledSegment,
  type SegmentContent,
  type StoreJournaledOptions,
  countBatches,
  countedBatches,
  putSegment,
  rebuildSegment,
} from './write-ahead-segment'

/**
 * Stores a segment that a writer put into its spool under `key`, unless it is
 * there. It is read first: damaged, it is told of, and stored without the blocks
 * that are. Gives what the store has of it then; `undefined` if nothing of it can
 * be read.
 */
export async function storeSpooledSegment(
  segment: JournaledSegment,
  key: string,
  options: StoreJournaledOptions,
): Promise<SegmentContent | undefined> {
  const { path, signal } = segment
  // Its name tells the same as its key; it is read as an object of its folder.
  const folder = new FileStore(dirname(path))
  try {
    const file = await folder.head(basename(path)).catch((error: unknown) => {
      throw unreadable(path, error)
    })
    if (file === undefined) return undefined
    const damage: Damage[] = []
    const content = await countBatches(batchesIn(file, folder, damage))
    if (damage.length === 0 && content.totals.batches > 0) {
      return await putSegment(key, await readWhole(path), content, options)
    }
    options.onProblem(damaged(path, damage))
    return await rebuildSegment(batchesIn(file, folder, []), signal, key, options)
  } finally {
    await folder.close()
  }
}

async function* batchesIn(
  file: ObjectInfo,
  store: ObjectStore,
  damage: Damage[],
): AsyncGenerator<CountedBatch, void, undefined> {
  const onDamage = (found: Damage): void => void damage.push(found)
  try {
    yield* countedBatches(readSegment(file, { store, onDamage }))
  } catch (error) {
    if (!(error instanceof MalformedOtlpError)) throw error
    const { message } = error
    damage.push({ key: file.key, offsetBytes: 0, reason: 'malformed', message })
  }
}

async function readWhole(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
}

function unreadable(path: string, error: unknown): WriteAheadError {
  const { message } = fileError(error, 'read', path)
  const told = `'${path}' can't be read and was left alone: ${message}`
  return new WriteAheadError('UNREADABLE', told, path, { cause: error })
}

function damaged(path: string, damage: readonly Damage[]): WriteAheadError {
  const items = damage.reduce((sum, { itemCount = 0 }) => sum + itemCount, 0)
  const [first] = damage
  const where = first
    ? `is damaged from byte ${first.offsetBytes} on (${first.message})`
    : 'holds no batch'
  return new WriteAheadError(
    'DAMAGED',
    `'${path}' ${where}; ${items > 0 ? `at least ${items} items are lost` : 'what is lost is not known'}. ` +
      `What can be read of it is stored; the file is kept in the folder 'damaged'.`,
    path,
  )
}

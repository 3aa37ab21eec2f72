// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto'
import { readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileError } from '../../storage/file-error'
import { syncFolder } from '../../storage/sync-folder'
import { kindOfFile } from './segment-file'
import { DAMAGED_FOLDER, setAside } from './set-aside'
import { WriteAheadError } from './write-ahead-error'
import { OWNER_FILE, type StoredOwner, readOwner } from './write-ahead-owner'
import { type Presence, announcePresence, judgePresence } from './write-ahead-presence'
import { ACCOUNT_FILE } from '../writer-account'
import { PRESENCE_FILE } from './writer-folder'

export interface DeadWritersOptions {
  folder: string
  /** Only writers whose session lies in this store are claimed. */
  storeUrl: string
  /** Told of what is left alone. */
  onProblem: (problem: WriteAheadError) => void
}

/** A dead writer's folder that is ours alone. */
export interface ClaimedWriter {
  readonly folder: string
  readonly owner: StoredOwner
  /** Removes what is recovered. Files with a problem are left alone, or set aside if damaged. */
  remove(problems: readonly WriteAheadError[]): Promise<void>
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
/** A writer's folder, and who recovers it, if somebody does. */
const WRITER_FOLDER = new RegExp(`^(${UUID})(?:\\.(${UUID}))?$`)
const CLAIM_FILE = new RegExp(`^(${UUID})\\.claim$`)
/** A folder that has been without `writer.json` for so long will not get one any more. */
const UNFINISHED_MILLIS = 60_000

/**
 * Finds writers that died, and claims them one at a time. Two receivers that
 * start at once must not both recover the same folder: a claim is a rename,
 * which only one of them can do. Its new name tells whose presence file to look
 * at, and that was there before, so that a claimer who is killed is told from one
 * who is at work, and claimed from in turn.
 */
export class DeadWriters {
  /** Writers of whom it can't be told yet whether they live. */
  undecided = 0
  readonly #options: DeadWritersOptions
  readonly #claimId = randomUUID()
  #presence: Presence | undefined

  constructor(options: DeadWritersOptions) {
    this.#options = options
  }

  /** Claims a writer, gives it, and goes on when it has been recovered. */
  async *claimed(): AsyncGenerator<ClaimedWriter, void, undefined> {
    const names = await namesIn(this.#options.folder)
    for (const name of await oldestFirst(this.#options.folder, names)) {
      const writer = await this.#claimUnlessProblem(name, names)
      if (writer) yield writer
    }
  }

  /** Lets others claim what was not recovered. */
  async release(): Promise<void> {
    await this.#presence?.withdraw()
    this.#presence = undefined
  }

  async #claimUnlessProblem(
    name: string,
    names: readonly string[],
  ): Promise<ClaimedWriter | undefined> {
    try {
      return await this.#claim(name, names)
    } catch (error) {
      if (error instanceof WriteAheadError) this.#options.onProblem(error)
      // Else, if it is gone, somebody was faster.
      else if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw fileError(error, 'read', join(this.#options.folder, name))
      }
      return undefined
    }
  }

  async #claim(name: string, names: readonly string[]): Promise<ClaimedWriter | undefined> {
    const { folder, storeUrl } = this.#options
    const [, writerId, claimId] = WRITER_FOLDER.exec(name) ?? []
    if (writerId === undefined) return this.#leave(name, names)
    const path = join(folder, name)
    const presence = claimId ? claimFile(folder, claimId) : join(path, PRESENCE_FILE)
    const verdict = await judgePresence(presence)
    if (verdict === 'undecided') this.undecided++
    if (verdict !== 'dead') return undefined
    const owner = await readOwner(path, writerId)
    if (owner === undefined) return removeUnfinished(path)
    if (owner.storeUrl !== storeUrl) throw otherStore(path, owner, storeUrl)
    this.#presence ??= await announcePresence(claimFile(folder, this.#claimId))
    const claimed = join(folder, `${writerId}.${this.#claimId}`)
    await rename(path, claimed)
    return { folder: claimed, owner, remove: (problems) => removeWriter(folder, claimed, problems) }
  }

  async #leave(name: string, names: readonly string[]): Promise<undefined> {
    const { folder } = this.#options
    const path = join(folder, name)
    const [, claimId] = CLAIM_FILE.exec(name) ?? []
    if (claimId !== undefined) {
      const isNeeded = names.some((other) => other.endsWith(`.${claimId}`))
      if (!isNeeded && (await judgePresence(path)) === 'dead') await rm(path, { force: true })
      return undefined
    }
    if (name === DAMAGED_FOLDER) return undefined
    throw new WriteAheadError(
      'FOREIGN',
      `'${path}' is nothing that otel-tape puts into a write-ahead folder; it was left alone.`,
      path,
    )
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fileError(error, 'read', folder)
  }
}

/** What was kept first is stored first: a store may have little time, and a spool little room. */
async function oldestFirst(folder: string, names: readonly string[]): Promise<string[]> {
  const madeMillis = new Map<string, number>()
  for (const name of names) {
    const made = await stat(join(folder, name, OWNER_FILE)).catch(() => undefined)
    madeMillis.set(name, made?.mtimeMs ?? 0)
  }
  return [...names].sort((a, b) => (madeMillis.get(a) ?? 0) - (madeMillis.get(b) ?? 0))
}

function claimFile(folder: string, claimId: string): string {
  return join(folder, `${claimId}.claim`)
}

/** What is left of a writer that was killed before its first batch was kept. */
async function removeUnfinished(path: string): Promise<undefined> {
  if (Date.now() - (await stat(path)).mtimeMs < UNFINISHED_MILLIS) return undefined
  const names = await readdir(path)
  if (names.some((name) => kindOfFile(name) !== undefined)) {
    throw new WriteAheadError(
      'UNREADABLE',
      `'${path}' holds batches and no ${OWNER_FILE} that says whose; it was left alone.`,
      path,
    )
  }
  await removeFolder(path)
}

/**
 * `writer.json` goes last: if this is cut short, the next recovery finds out from
 * the writer's summary that what is left has been counted.
 */
async function removeWriter(
  root: string,
  folder: string,
  problems: readonly WriteAheadError[],
): Promise<void> {
  const damaged = problems.filter(({ code }) => code === 'DAMAGED').map(({ path }) => path)
  const left = problems.map(({ path }) => path).filter((path) => !damaged.includes(path))
  try {
    for (const path of damaged) await setAside(root, path)
    const ours = (await readdir(folder)).filter((name) => kindOfFile(name) !== undefined)
    for (const path of ours.map((name) => join(folder, name))) {
      if (!left.includes(path)) await rm(path, { force: true })
    }
    await syncFolder(folder)
    if (left.length > 0) return
    await removeFolder(folder)
    await syncFolder(root)
  } catch (error) {
    throw fileError(error, 'remove', folder)
  }
}

/** Unless something lies in it that is none of ours. */
async function removeFolder(path: string): Promise<void> {
  const temporary = [`${OWNER_FILE}.new`, `${ACCOUNT_FILE}.new`]
  for (const name of [PRESENCE_FILE, ...temporary, ACCOUNT_FILE, OWNER_FILE]) {
    await rm(join(path, name), { force: true })
  }
  await rmdir(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
  })
}

function otherStore(path: string, { storeUrl }: StoredOwner, ownUrl: string): WriteAheadError {
  return new WriteAheadError(
    'OTHER_STORE',
    `'${path}' holds batches of a process that died and recorded into ${storeUrl}, not into ` +
      `${ownUrl}; start one with that store, or 'otel-tape recover', to bring them there.`,
    path,
  )
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'

const MAX_WAIT_MILLIS = 8

/** Seen this long with the same owner, a lock is taken over whoever its owner is. */
const STALE_AFTER_MILLIS = 10_000

/** Longest time after which an owner may trust that nobody has taken its lock over. */
const SAFE_MILLIS = STALE_AFTER_MILLIS / 2

/** One writer at a time, across processes: whoever created the lock file. */
export interface FileLock {
  /** Whether the lock is ours beyond doubt. Asked right before what it protects. */
  isHeld(): boolean
  release(): Promise<void>
}

/**
 * Waits for the lock at `path`, whose folder must exist, and takes it. It is
 * meant to be held for a comparison and a rename: about a millisecond.
 *
 * The lock of a killed process is taken over: at once if it ran here, after ten
 * seconds if it ran on another machine that shares the folder. Those are seconds
 * that the waiter itself has seen pass, as clocks of two machines differ.
 *
 * Rejects with the signal's reason.
 */
export async function acquireFileLock(path: string, signal: AbortSignal): Promise<FileLock> {
  const owner = `${randomUUID()} ${process.pid} ${thisMachine()}`
  let seenOwner: string | undefined
  let seenAt = 0
  for (;;) {
    signal.throwIfAborted()
    const heldSince = performance.now()
    if (await created(path, owner)) return new OwnedFileLock(path, owner, heldSince)

    const other = await ownerOf(path)
    if (other === undefined) continue
    if (other !== seenOwner) {
      seenOwner = other
      seenAt = performance.now()
    }
    const isStale = performance.now() - seenAt > STALE_AFTER_MILLIS
    if (isStale || isDead(other)) await removeLockOf(other, path, signal)
    else await wait(Math.random() * MAX_WAIT_MILLIS, undefined, { signal })
  }
}

class OwnedFileLock implements FileLock {
  readonly #path: string
  readonly #owner: string
  readonly #heldSince: number

  constructor(path: string, owner: string, heldSince: number) {
    this.#path = path
    this.#owner = owner
    this.#heldSince = heldSince
  }

  isHeld(): boolean {
    return performance.now() - this.#heldSince < SAFE_MILLIS
  }

  async release(): Promise<void> {
    if (this.isHeld()) await rm(this.#path, { force: true })
    else await removeLockOf(this.#owner, this.#path, new AbortController().signal)
  }
}

async function created(path: string, owner: string): Promise<boolean> {
  try {
    await writeFile(path, owner, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function ownerOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Removes the lock if it is still this owner's. Of many who wait for a dead one,
 * all want to remove it, and a slow one would remove the lock that a fast one has
 * created since. So they look and remove one at a time, under a lock that is
 * named after the owner: who removes is as exclusive as who holds.
 */
async function removeLockOf(owner: string, path: string, signal: AbortSignal): Promise<void> {
  const [id] = owner.split(' ')
  const removal = await acquireFileLock(`${path}.${id}`, signal)
  try {
    if ((await ownerOf(path)) === owner && removal.isHeld()) await rm(path, { force: true })
  } finally {
    await removal.release()
  }
}

/** Whether the owner ran on this machine and no longer does. */
function isDead(owner: string): boolean {
  const [, pid, machine] = owner.split(' ')
  if (machine !== thisMachine() || !Number(pid)) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

let machine: string | undefined

/** Where process ids mean the same. Two containers may share a host name, but no process ids. */
function thisMachine(): string {
  machine ??= `${hostname()}/${processNamespace()}`.replaceAll(' ', '_')
  return machine
}

function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return '' // Only Linux has them.
  }
}

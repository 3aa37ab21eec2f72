// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { assertFolder } from '../storage/object-key'
import type { ObjectInfo, ObjectStore, OperationOptions } from '../storage/object-store'
import { isStorageError } from '../storage/storage-error'
import { parseCollectorName } from './reading/collector-layout'
import { SessionError } from './session-error'
import { checkSessionId, isSessionId } from './session-id'
import { BEHIND_ALL, SESSIONS_PREFIX, metadataKey, sessionPrefix } from './session-keys'

/**
 * - `sessions`: below `sessions/{sessionId}/`, as otel-tape writes
 * - `awss3`: below a prefix of its own, as the Collector's `awss3` exporter writes
 */
export type SessionLayout = 'sessions' | 'awss3'

export const SESSION_LAYOUTS: readonly SessionLayout[] = Object.freeze(['sessions', 'awss3'])

/** Where the objects of a session lie. */
export interface SessionLocation {
  readonly layout: SessionLayout
  /** With which the keys begin: a folder, or empty for all that is in the store. */
  readonly prefix: string
}

export interface LocateOptions extends OperationOptions {
  /** Default: `sessions`, or `awss3` where only that is to be found. */
  layout?: SessionLayout
}

/** Names what the store itself holds, when it was opened at the Collector's prefix. */
const WHOLE_STORE = '.'
const MAX_NAME_LENGTH = 512
/** It ends up in headers and on terminals as well, which take no more than these characters. */
const PREFIX = /^[!-.0-~]{1,128}(\/[!-.0-~]{1,128})*$/

/**
 * Throws `SessionError` of code `INVALID_SESSION_ID` unless the name may be that
 * of a session: an id, or, in the layout `awss3`, the prefix of what the
 * Collector wrote: `p`, `team-a/p`, or `.` for the whole store. Prefixes come
 * from users, so none leads out of the store, or into sessions of ours.
 */
export function checkSessionName(name: unknown, layout?: SessionLayout): asserts name is string {
  // An id that is none at all is told what an id is.
  if (layout === 'sessions' || typeof name !== 'string') return checkSessionId(name)
  if (layout === undefined && isSessionId(name)) return
  prefixOf(name)
}

/** Finds out where a session lies. Looks at a few names, not at what is in the objects. */
export async function locateSession(
  store: ObjectStore,
  sessionId: string,
  { layout, signal }: LocateOptions = {},
): Promise<SessionLocation> {
  checkSessionName(sessionId, layout)
  if (layout === 'awss3') {
    const location = { layout, prefix: prefixOf(sessionId) }
    for await (const _ of objectsBelow(store, location.prefix, { signal })) return location
    throw sessionNotFound(store, sessionId)
  }
  if (layout === 'sessions') return { layout, prefix: sessionPrefix(sessionId) }
  if (isSessionId(sessionId)) {
    const location = { layout: 'sessions', prefix: sessionPrefix(sessionId) } as const
    // A page of a large session's names takes a store thirty times as long.
    if (await store.head(metadataKey(sessionId), { signal })) return location
    for await (const _ of store.list(location.prefix, { signal })) return location
  }
  if (isNameOfPrefix(sessionId)) {
    const prefix = prefixOf(sessionId)
    if (await isCollectorPrefix(store, prefix, { signal })) return { layout: 'awss3', prefix }
  }
  throw sessionNotFound(store, sessionId)
}

/**
 * The same of a session of ours: one that another tool wrote is not ours to change. Throws
 * `SessionError` of code `SESSION_COMPLETED` at such a one.
 */
export async function locateOwnSession(
  store: ObjectStore,
  sessionId: string,
  options: OperationOptions,
): Promise<SessionLocation> {
  const location = await locateSession(store, sessionId, options)
  if (location.layout === 'sessions') return location
  throw new SessionError(
    'SESSION_COMPLETED',
    `'${sessionId}' is no session of otel-tape: its objects are the Collector's, in ` +
      `'${location.prefix}' of ${store.url}. They are read, never changed or removed; use a ` +
      `client of the store for that`,
    sessionId,
  )
}

/** Top-level folders that are looked into for what the Collector wrote. */
const MAX_FOLDERS = 1000

/**
 * What the Collector's exporter wrote into the store, as names of sessions, by
 * folder. Looks at the first keys of each folder alone: a bucket may hold millions.
 */
export async function* listCollectorSessions(
  store: ObjectStore,
  options: OperationOptions = {},
): AsyncGenerator<SessionLocation & { readonly sessionId: string }, void, undefined> {
  let folders = 0
  let isRootGiven = false
  for await (const prefix of store.listFolders('', options)) {
    if (prefix === SESSIONS_PREFIX) continue
    if (++folders > MAX_FOLDERS) return
    // The partitions themselves lie here: the store was opened at the exporter's prefix.
    const isPartition = /^(?:year=)?20\d\d(?!\d)/.test(prefix)
    if (isPartition ? isRootGiven : !isNameOfPrefix(prefix.slice(0, -1))) continue
    if (!(await isCollectorPrefix(store, prefix, options))) continue
    if (isPartition) isRootGiven = true
    const root = { sessionId: WHOLE_STORE, layout: 'awss3', prefix: '' } as const
    yield isPartition ? root : { sessionId: prefix.slice(0, -1), layout: 'awss3', prefix }
  }
}

/** What lies below a prefix; of the whole store, without sessions of ours. */
export async function* objectsBelow(
  store: ObjectStore,
  prefix: string,
  options: OperationOptions,
): AsyncGenerator<ObjectInfo, void, undefined> {
  for await (const object of store.list(prefix, options)) {
    if (prefix === '' && object.key.startsWith(SESSIONS_PREFIX)) {
      yield* store.list(prefix, { ...options, startAfter: SESSIONS_PREFIX + BEHIND_ALL })
      return
    }
    yield object
  }
}

export function sessionNotFound(store: ObjectStore, sessionId: string): SessionError {
  return new SessionError(
    'SESSION_NOT_FOUND',
    `there is no session '${sessionId}' in ${store.url}; 'otel-tape sessions' lists those there are`,
    sessionId,
  )
}

/** Keys that are looked at to tell whether the Collector wrote them. */
const SAMPLED_KEYS = 20

async function isCollectorPrefix(
  store: ObjectStore,
  prefix: string,
  options: OperationOptions,
): Promise<boolean> {
  let looked = 0
  for await (const { key } of objectsBelow(store, prefix, options)) {
    if (parseCollectorName(key) !== undefined) return true
    if (++looked === SAMPLED_KEYS) return false
  }
  return false
}

function isNameOfPrefix(name: string): boolean {
  try {
    prefixOf(name)
    return true
  } catch (error) {
    if (error instanceof SessionError) return false
    throw error
  }
}

function prefixOf(name: string): string {
  if (name === WHOLE_STORE) return ''
  const prefix = `${name}/`
  if (name.length > MAX_NAME_LENGTH || !PREFIX.test(name)) {
    throw invalidName(
      name,
      `has to be 1 to 128 letters, digits, '.', '_' or '-', beginning with a letter or a digit, ` +
        `or folders (in the store, printable ASCII, 128 characters each) divided by '/'`,
    )
  }
  if (prefix.startsWith(SESSIONS_PREFIX)) {
    throw invalidName(name, 'lies where otel-tape keeps its own sessions; give the id alone')
  }
  try {
    assertFolder(prefix)
    return prefix
  } catch (error) {
    if (!isStorageError(error, 'INVALID_KEY')) throw error
    throw invalidName(name, `is no folder of a store: ${error.message}`)
  }
}

function invalidName(name: string, problem: string): SessionError {
  return new SessionError(
    'INVALID_SESSION_ID',
    `session id '${name.slice(0, 64)}' is not allowed: it ${problem}`,
  )
}

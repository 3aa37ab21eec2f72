// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS } from '../otlp/signal'
import { listSessions as sessionsIn } from '../session/catalogue'
import type { SessionMetadata } from '../session/metadata'
import { type SessionLayout, listCollectorSessions } from '../session/session-location'
import { addTotals } from '../session/totals'
import type { ObjectStore } from '../storage/object-store'
import { describeError } from './describe-error'
import { jsonLine } from './json-line'
import { readableCount, readableDuration, readableSize } from './readable-figures'
import { type Column, tableLines } from './table'
import type { Terminal } from './terminal'

const COLUMNS: readonly Column[] = [
  { title: 'SESSION' },
  { title: 'STATUS' },
  { title: 'STARTED' },
  { title: 'DURATION', align: 'right' },
  { title: 'SPANS', align: 'right' },
  { title: 'POINTS', align: 'right' },
  { title: 'LOGS', align: 'right' },
  { title: 'SIZE', align: 'right' },
  { title: 'SERVICES' },
]

/**
 * Prints the sessions of a store: a table, or metadata as JSON lines. What the
 * Collector wrote is named, and not counted: that would take reading it all.
 */
export async function listSessions(
  store: ObjectStore,
  terminal: Terminal,
  { json = false, layout }: { json?: boolean; layout?: SessionLayout },
): Promise<void> {
  const found: ListedSession[] = []
  for await (const session of eachOfLayout(store, terminal, layout)) {
    if (!json) found.push(session)
    else if (!(await terminal.print(jsonLine(session)))) return
  }
  if (json) return
  if (found.length === 0) return terminal.note(`no sessions in ${store.url}`)
  const isMixed = found.some(isUncounted)
  const columns = isMixed ? [...COLUMNS, { title: 'LAYOUT' }] : COLUMNS
  await terminal.print(
    ...tableLines(
      columns,
      found.map((session) => rowOf(session, isMixed)),
    ),
  )
}

/** What can be told of such objects by their names. */
interface UncountedSession extends Pick<
  SessionMetadata,
  'sessionId' | 'status' | 'createdBy' | 's3Prefix'
> {
  layout: 'awss3'
}

type ListedSession = SessionMetadata | UncountedSession

function isUncounted(session: ListedSession): session is UncountedSession {
  return session.layout === 'awss3'
}

async function* eachOfLayout(
  store: ObjectStore,
  terminal: Terminal,
  layout: SessionLayout | undefined,
): AsyncGenerator<ListedSession, void, undefined> {
  const { signal } = terminal
  if (layout !== 'awss3') yield* eachSession(store, terminal)
  if (layout === 'sessions') return
  for await (const { sessionId, prefix } of listCollectorSessions(store, { signal })) {
    const named = { sessionId, layout: 'awss3', s3Prefix: prefix } as const
    yield { ...named, status: 'completed', createdBy: 'unknown' }
  }
}

/**
 * The sessions of a store that can be read, by id. One whose metadata is damaged
 * is complained about: it must not vanish from a listing without a word.
 */
export async function* eachSession(
  store: ObjectStore,
  terminal: Terminal,
): AsyncGenerator<SessionMetadata, void, undefined> {
  yield* sessionsIn(store, {
    signal: terminal.signal,
    onUnreadable: (error) => terminal.complain(describeError(error).line),
  })
}

function rowOf(session: ListedSession, withLayout: boolean): string[] {
  if (isUncounted(session)) {
    const { sessionId, status, layout } = session
    const unknown = COLUMNS.slice(2).map(() => '-')
    return [sessionId, status, ...unknown, layout]
  }
  return [
    session.sessionId,
    session.status,
    session.startTime.replace(/\.\d+Z$/, 'Z'),
    durationOf(session),
    readableCount(session.capturedTraces),
    readableCount(session.capturedMetrics),
    readableCount(session.capturedLogs),
    readableSize(session.totalSizeBytes),
    shortList(session.serviceNames),
    ...(withLayout ? ['sessions'] : []),
  ]
}

/** From first to last arrival: what a replay at its own pace takes. */
function durationOf({ signals }: SessionMetadata): string {
  const totals = SIGNALS.map((signal) => signals[signal]).reduce(addTotals)
  const { firstArrivalUnixNano: first, lastArrivalUnixNano: last } = totals
  if (first === undefined || last === undefined) return '-'
  return readableDuration(Number((BigInt(last) - BigInt(first)) / 1_000_000n))
}

const SHOWN_SERVICES = 4

function shortList(names: readonly string[]): string {
  const more = names.length - SHOWN_SERVICES
  const shown = names.slice(0, SHOWN_SERVICES).join(', ')
  return more > 0 ? `${shown}, and ${more} more` : shown
}

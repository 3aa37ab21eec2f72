// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import type { Damage } from '../../session/damage'
import type { ObjectStore } from '../../storage/object-store'
import { QueryError } from '../query-error'
import { startWorker } from '../start-worker'
import type { BuildEvent, BuildJob } from './build-worker'
import { serveStore } from './serve-store'

/** How far the building of a session's database has come. */
export interface QueryProgress {
  readonly sessionId: string
  /** Stored bytes that have been read. */
  readonly bytes: number
  readonly totalBytes: number
  /** Spans, data points and log records. */
  readonly items: number
}

export interface BuildDatabaseOptions extends Omit<BuildJob, 'port'> {
  store: ObjectStore
  /** Keys of the objects that are to be read. */
  keys: ReadonlySet<string>
  totalBytes: number
  onProgress: (progress: QueryProgress) => void
  signal: AbortSignal
}

/** What is decoded of a batch is soon gone: with less room, it is copied before that. */
const YOUNG_GENERATION_MB = 64

/** An insert that is under way can't be left: longer than that it does not take. */
const STOP_MILLIS = 10_000

/**
 * Builds a database of a session, or adds to one, on a thread of its own: appending blocks the
 * thread that does it. The store stays on this one.
 *
 * @returns what could not be read
 * @throws QueryError, or the signal's reason
 */
export async function buildDatabase(options: BuildDatabaseOptions): Promise<readonly Damage[]> {
  const { store, keys, totalBytes, onProgress, signal, ...job } = options
  const { sessionId } = job
  signal.throwIfAborted()
  const { port1, port2 } = new MessageChannel()
  const stopping = new AbortController()
  let bytes = 0
  let items = 0
  serveStore(store, port1, {
    isShown: (key) => keys.has(key),
    onRead(read) {
      bytes += read
      onProgress({ sessionId, bytes: Math.min(bytes, totalBytes), totalBytes, items })
    },
    signal: AbortSignal.any([signal, stopping.signal]),
  })
  const workerData: BuildJob = { ...job, port: port2 }
  const worker = startWorker('sql/build-worker', {
    workerData,
    transferList: [port2],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  })
  let last: BuildEvent | undefined
  worker.on('message', (event: BuildEvent) => {
    last = event
    if ('items' in event) items = event.items
  })
  const exited = once(worker, 'exit')
  let timer: NodeJS.Timeout | undefined
  const stop = (): void => {
    timer = setTimeout(() => void worker.terminate(), STOP_MILLIS)
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    await exited
  } catch (error) {
    throw new QueryError(
      'IndexUnusable',
      `building a database failed: ${(error as Error).message}`,
      {
        sessionId,
        cause: error,
      },
    )
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    stopping.abort()
    port1.close()
  }
  signal.throwIfAborted()
  return damageOf(last, sessionId)
}

function damageOf(last: BuildEvent | undefined, sessionId: string): readonly Damage[] {
  if (last?.event === 'built') return last.damage
  if (last?.event === 'failed') throw new QueryError(last.reason, last.message, { sessionId })
  throw new QueryError('IndexUnusable', 'the thread that built a database ended', { sessionId })
}

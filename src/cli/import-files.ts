// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { OtlpBatch } from '../otlp/otlp-batch'
import { SIGNALS, type Signal } from '../otlp/signal'
import type { SessionMetadata } from '../session/metadata'
import { SessionWriter } from '../session/session-writer'
import { addTotals } from '../session/totals'
import type { ObjectStore } from '../storage/object-store'
import { StorageError, isStorageError } from '../storage/storage-error'
import { BatchWindow } from './batch-window'
import { describeError } from './describe-error'
import { type FoundFile, findFiles } from './find-files'
import { readImportedFile } from './imported-file'
import { describeItems } from './item-counts'
import { jsonLine } from './json-line'
import { readableCount } from './readable-figures'
import type { Terminal } from './terminal'
import { describeDamage } from './watch-replay'

export interface ImportOptions {
  sessionId: string
  /** What the files are expected to hold. Default: what their names say. */
  expectedSignal?: Signal
  json?: boolean
}

/** How long a window may take: a store may be slow, but is not waited for without end. */
const STORE_TIMEOUT_MILLIS = 60_000
const CLOSE_TIMEOUT_MILLIS = 15_000

/**
 * Reads files into a session. What can't be read is complained about, and the
 * rest is imported. Interrupted, the session keeps what was stored by then.
 */
export async function importFiles(
  store: ObjectStore,
  paths: readonly string[],
  terminal: Terminal,
  options: ImportOptions,
): Promise<void> {
  const files = await findFiles(paths, terminal.signal)
  const session = new ImportedSession(store, options.sessionId)
  try {
    await importAll(files, session, terminal, options)
  } catch (error) {
    // Why it ended says more than why it could not be ended well.
    await session.close().catch(() => undefined)
    if (session.metadata) terminal.note(`only a part: ${describeImport(session.metadata)}`)
    throw error
  }
  await session.close()
  const { metadata } = session
  if (metadata === undefined) return terminal.complain(`nothing to import in ${paths.join(', ')}`)
  await terminal.print(options.json ? jsonLine(metadata) : describeImport(metadata))
  const { droppedItems } = SIGNALS.map((signal) => metadata.signals[signal]).reduce(addTotals)
  if (droppedItems > 0) terminal.complain(`${readableCount(droppedItems, 'item')} got lost`)
}

async function importAll(
  files: readonly FoundFile[],
  session: ImportedSession,
  terminal: Terminal,
  { expectedSignal }: ImportOptions,
): Promise<void> {
  const { signal } = terminal
  const window = new BatchWindow((batches) => session.store(batches, signal))
  const totalBytes = files.reduce((bytes, { object }) => bytes + object.sizeBytes, 0)
  const bar = terminal.showProgress('importing')
  let doneBytes = 0
  try {
    for (const file of files) {
      bar.update(doneBytes, totalBytes, ` bytes, ${file.path}`)
      await importFile(file, window, terminal, expectedSignal)
      doneBytes += file.object.sizeBytes
      bar.update(doneBytes, totalBytes)
    }
    await window.flush()
  } finally {
    bar.stop()
  }
}

async function importFile(
  file: FoundFile,
  window: BatchWindow,
  terminal: Terminal,
  expectedSignal: Signal | undefined,
): Promise<void> {
  const { signal } = terminal
  const batches = readImportedFile(file, {
    expectedSignal,
    signal,
    onDamage: (damage) => terminal.complain(describeDamage({ ...damage, key: file.path })),
  })
  for (;;) {
    // Read apart from what is done with it: a failure to read ends this file
    // alone, a failure to store all of them.
    const next = await batches.next().catch((error: unknown) => {
      if (!isStorageError(error) || signal.aborted) throw error
      terminal.complain(`can't read ${file.path}: ${describeError(error).line}`)
      return { done: true } as const
    })
    if (next.done) return
    await window.add(next.value)
  }
}

/** The session that is imported into. It is made when there is something to store in it. */
class ImportedSession {
  metadata: SessionMetadata | undefined
  readonly #store: ObjectStore
  readonly #sessionId: string
  #writer: SessionWriter | undefined
  #isReady = false
  /** Of the store, the last one. */
  #failure: unknown

  constructor(store: ObjectStore, sessionId: string) {
    this.#store = store
    this.#sessionId = sessionId
  }

  async store(batches: readonly OtlpBatch[], signal: AbortSignal): Promise<void> {
    this.#writer ??= this.#createWriter()
    await this.#writer.ready
    this.#isReady = true
    for (const batch of batches) this.#writer.write(batch)
    const limit = AbortSignal.timeout(STORE_TIMEOUT_MILLIS)
    await this.#writer.flush(AbortSignal.any([signal, limit])).catch((error: unknown) => {
      throw this.#explain(error)
    })
  }

  async close(): Promise<void> {
    // A writer that never got in has nothing to store, and would ask once more.
    const limit = this.#isReady ? AbortSignal.timeout(CLOSE_TIMEOUT_MILLIS) : AbortSignal.abort()
    try {
      this.metadata = await this.#writer?.close(limit)
    } catch (error) {
      if (this.#isReady) throw this.#explain(error)
    }
  }

  /** Of a time that is over: why nothing came of it. */
  #explain(error: unknown): unknown {
    if ((error as Error).name !== 'TimeoutError') return error
    const why = this.#failure === undefined ? '' : `: ${describeError(this.#failure).line}`
    const message = `${this.#store.url} did not take it in time${why}`
    return new StorageError('TIMEOUT', message, undefined, { cause: this.#failure ?? error })
  }

  #createWriter(): SessionWriter {
    return new SessionWriter({
      store: this.#store,
      description: {
        sessionId: this.#sessionId,
        createdBy: 'otel-tape import',
        enabledFlags: [],
      },
      // The window bounds what waits, and nothing may be dropped.
      maxQueueBytes: Infinity,
      onStoreFailure: (error) => {
        this.#failure = error
      },
    })
  }
}

function describeImport(session: SessionMetadata): string {
  const { traces, metrics, logs } = session.signals
  const requests = traces.batches + metrics.batches + logs.batches
  const counted = readableCount(requests, 'request')
  return `${session.sessionId} holds ${counted}: ${describeItems(session)}`
}

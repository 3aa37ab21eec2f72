// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { loadSession } from '../../session/catalogue'
import type { Damage } from '../../session/damage'
import { readMetadata } from '../../session/membership'
import { isSessionId } from '../../session/session-id'
import type { ObjectStore } from '../../storage/object-store'
import { useStore } from '../../storage/use-store'
import { type QueryError, toQueryError } from '../query-error'
import type { IngestSessionOptions, IngestSessionResult } from './trace-index'
import { checkIngestSession } from './ingest-session-options'
import { readSessionTraces } from './session-traces'
import type { IngestFailure, TraceIngester } from './trace-ingester'
import type { ReadableSpan } from '../../otlp/sdk-types'

/** So many traces are taken in together. */
const GROUP_TRACES = 512
const MAX_TOLD_ERRORS = 1_000

/** Takes in all traces of a session, in bounded memory beside what the index itself keeps. */
export async function ingestSession(
  ingester: TraceIngester,
  sessionId: string,
  options: IngestSessionOptions & { signal: AbortSignal },
): Promise<IngestSessionResult> {
  const { layout, signal, onProgress, onDamage } = checkIngestSession(options)
  const traceIds = new Set<string>()
  const errors: IngestFailure[] = []
  let spanCount = 0
  let errorCount = 0
  let damagedCount = 0
  const noteDamage = (damage: Damage): void => {
    damagedCount++
    onDamage?.(damage)
  }
  return useStore(options.store, async (store) => {
    const totalSpanCount = onProgress && (await countSpans(store, sessionId, options))
    const read = { store, sessionId, layout, signal, onDamage: noteDamage }
    let group: (readonly ReadableSpan[])[] = []
    let given = 0
    const finishGroup = async (): Promise<void> => {
      const result = await ingester.ingestAll(group, signal)
      errorCount += result.errorCount
      const told = result.errors.slice(0, MAX_TOLD_ERRORS - errors.length)
      errors.push(...told.map((failure) => ({ ...failure, index: given + failure.index })))
      given += group.length
      group = []
      onProgress?.({ traceCount: traceIds.size, spanCount, totalSpanCount })
    }
    for await (const spans of readSessionTraces(read)) {
      traceIds.add(spans[0].spanContext().traceId)
      spanCount += spans.length
      group.push(spans)
      if (group.length === GROUP_TRACES) await finishGroup()
    }
    await finishGroup()
    return { traceCount: traceIds.size, spanCount, errorCount, errors, damagedCount }
  }).catch((error: unknown) => {
    throw signal.aborted ? error : withSession(error, sessionId)
  })
}

/** Of a session without metadata, only reading it would tell. */
async function countSpans(
  store: ObjectStore,
  sessionId: string,
  { layout, signal }: IngestSessionOptions,
): Promise<number | undefined> {
  if (layout === 'awss3' || !isSessionId(sessionId)) return undefined
  if (!(await readMetadata(store, sessionId, { signal }))) return undefined
  return (await loadSession(store, sessionId, { layout, signal })).capturedTraces
}

function withSession(error: unknown, sessionId: string): QueryError {
  return toQueryError(error, sessionId)
}

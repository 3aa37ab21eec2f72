// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { loadSession } from '../../src/session/catalogue'
import type { SessionMetadata } from '../../src/session/metadata'
import { FileStore } from '../../src/storage/file-store'
import type { ObjectStore } from '../../src/storage/object-store'
import { decodeIndependently } from '../support/independent-decoder'
import { readAll } from '../support/recording'

/** What a test asks of a recorded session. */
export interface RecordedSession {
  readonly metadata: SessionMetadata
  readonly spanNames: string[]
  /** Without those in which the recording tells about itself. */
  readonly metricNames: string[]
  readonly logBodies: string[]
}

interface ScopeMetrics {
  scope?: { name?: string }
  metrics: { name: string }[]
}

interface Request {
  resourceSpans?: { scopeSpans: { spans: { name: string }[] }[] }[]
  resourceMetrics?: { scopeMetrics: ScopeMetrics[] }[]
  resourceLogs?: { scopeLogs: { logRecords: { body: { stringValue: string } }[] }[] }[]
}

export async function readRecorded(
  store: ObjectStore | string,
  sessionId: string,
): Promise<RecordedSession> {
  const opened = typeof store === 'string' ? new FileStore(store) : store
  const metadata = await loadSession(opened, sessionId)
  const batches = await readAll({ store: opened, sessionId })
  const requests = batches.map(({ body, signal }) => decodeIndependently(signal, body) as Request)
  return { metadata, ...namesIn(requests) }
}

export function namesIn(requests: Request[]): Omit<RecordedSession, 'metadata'> {
  return {
    spanNames: requests
      .flatMap(({ resourceSpans = [] }) => resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans }) => spans.map(({ name }) => name)),
    metricNames: requests
      .flatMap(({ resourceMetrics = [] }) => resourceMetrics)
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .filter(({ scope }) => scope?.name !== 'otel-tape')
      .flatMap(({ metrics }) => metrics.map(({ name }) => name)),
    logBodies: requests
      .flatMap(({ resourceLogs = [] }) => resourceLogs)
      .flatMap(({ scopeLogs }) => scopeLogs)
      .flatMap(({ logRecords }) => logRecords.map(({ body }) => body.stringValue)),
  }
}

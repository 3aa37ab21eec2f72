// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { analyzeSession } from '../../../src/query/analysis/analyze-session'
import type { AnalyzeOptions } from '../../../src/query/analysis/analyze-options'
import { readSessionModel } from '../../../src/query/analysis/read-session-model'
import type { SessionAnalysis } from '../../../src/query/analysis/session-analysis'
import type { SessionModel } from '../../../src/query/analysis/session-model'
import { requestFromJson } from '../../../src/otlp/json-to-protobuf'
import type { OtlpBatch } from '../../../src/otlp/otlp-batch'
import type { Signal } from '../../../src/otlp/signal'
import { MemoryStore } from '../../../src/storage/memory-store'
import { EPOCH_MILLIS, recordSession } from '../../support/recording'

/** A span, and those below it. Times are milliseconds since `EPOCH_MILLIS`. */
export interface SpanDraft {
  service: string
  name: string
  kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
  at: number
  takes: number
  failed?: boolean
  attributes?: Record<string, string | number>
  resource?: Record<string, string>
  children?: SpanDraft[]
  /** Default: numbered. */
  spanId?: string
  /** Default: that of the span it is drawn below. */
  parentSpanId?: string
  /** `[traceId, spanId]` */
  links?: [string, string][]
}

const KINDS = ['internal', 'server', 'client', 'producer', 'consumer']

export function traceIdOf(number: number): string {
  return number.toString(16).padStart(32, 'a')
}

export function spanIdOf(number: number): string {
  return number.toString(16).padStart(16, 'b')
}

let spanNumber = 0

/** A batch of one trace, of a span and all below it. */
export function traceBatch(root: SpanDraft, traceId: string): OtlpBatch {
  const resourceSpans: object[] = []
  const add = (draft: SpanDraft, parentSpanId?: string): void => {
    const spanId = draft.spanId ?? spanIdOf(++spanNumber)
    resourceSpans.push({
      resource: {
        attributes: attributesOf({ 'service.name': draft.service, ...draft.resource }),
      },
      scopeSpans: [
        { spans: [spanJson(draft, traceId, spanId, draft.parentSpanId ?? parentSpanId)] },
      ],
    })
    for (const child of draft.children ?? []) add(child, spanId)
  }
  add(root)
  return batchOf('traces', { resourceSpans })
}

function spanJson(
  { name, kind = 'internal', at, takes, failed, attributes = {}, links = [] }: SpanDraft,
  traceId: string,
  spanId: string,
  parentSpanId = '',
): object {
  return {
    traceId,
    spanId,
    parentSpanId,
    name,
    kind: KINDS.indexOf(kind) + 1,
    startTimeUnixNano: nanosOf(at),
    endTimeUnixNano: nanosOf(at + takes),
    attributes: attributesOf(attributes),
    links: links.map(([linked, span]) => ({ traceId: linked, spanId: span })),
    ...(failed && { status: { code: 2 } }),
  }
}

export interface LogDraft {
  service: string
  body: string
  at: number
  severity?: number
  traceId?: string
  spanId?: string
}

export function logBatch(records: readonly LogDraft[]): OtlpBatch {
  return batchOf('logs', {
    resourceLogs: records.map(({ service, body, at, severity = 9, traceId = '', spanId = '' }) => ({
      resource: { attributes: attributesOf({ 'service.name': service }) },
      scopeLogs: [
        {
          logRecords: [
            {
              timeUnixNano: nanosOf(at),
              severityNumber: severity,
              body: { stringValue: body },
              traceId,
              spanId,
            },
          ],
        },
      ],
    })),
  })
}

export function metricBatch(service: string, metrics: readonly object[]): OtlpBatch {
  return batchOf('metrics', {
    resourceMetrics: [
      {
        resource: { attributes: attributesOf({ 'service.name': service }) },
        scopeMetrics: [{ metrics }],
      },
    ],
  })
}

export function nanosOf(millis: number): string {
  return String(BigInt(EPOCH_MILLIS) * 1_000_000n + BigInt(Math.round(millis * 1e6)))
}

export function attributesOf(values: Record<string, string | number>): object[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) },
  }))
}

function batchOf(signal: Signal, json: object): OtlpBatch {
  return {
    signal,
    body: requestFromJson(json, signal),
    capturedAtUnixNano: BigInt(EPOCH_MILLIS) * 1_000_000n,
  }
}

/** The batches as a session of a store in memory. */
export async function storeWith(batches: readonly OtlpBatch[]): Promise<MemoryStore> {
  const store = new MemoryStore()
  await recordSession(store, 'made', merged(batches))
  return store
}

/** Requests of one signal, laid end to end, are one request. */
function merged(batches: readonly OtlpBatch[]): OtlpBatch[] {
  const runs: OtlpBatch[][] = []
  for (const batch of batches) {
    if (runs.at(-1)?.[0].signal === batch.signal) runs.at(-1)?.push(batch)
    else runs.push([batch])
  }
  return runs.map((run) => ({ ...run[0], body: Buffer.concat(run.map(({ body }) => body)) }))
}

export async function analysisOf(
  batches: readonly OtlpBatch[],
  options: AnalyzeOptions = {},
): Promise<SessionAnalysis> {
  return analyzeSession('made', { store: await storeWith(batches), ...options })
}

export async function modelOf(batches: readonly OtlpBatch[]): Promise<SessionModel> {
  return readSessionModel({ store: await storeWith(batches), sessionId: 'made' })
}

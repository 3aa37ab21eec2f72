// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { EncodedRequest } from '../../src/otlp/encoded-request'
import { requestFromJson } from '../../src/otlp/json-to-protobuf'
import type { OtlpBatch } from '../../src/otlp/otlp-batch'
import type { Signal } from '../../src/otlp/signal'
import { summarizeRequest } from '../../src/otlp/summarize-request'
import type { SessionMetadata } from '../../src/session/metadata'
import { readSession } from '../../src/session/reading/session-reader'
import type { RecordedBatch, ReadSessionOptions } from '../../src/session/reading/session-reader'
import { SessionWriter, type SessionWriterOptions } from '../../src/session/session-writer'
import type { ObjectStore } from '../../src/storage/object-store'

/** 2026-01-02T03:04:05Z, a time that no test's clock is near. */
export const EPOCH_MILLIS = Date.UTC(2026, 0, 2, 3, 4, 5)

export interface RequestContent {
  /** Names of the spans, metrics or log bodies in it; each is one item. */
  names: string[]
  service?: string
  traceId?: string
  /** Milliseconds since the Unix epoch. */
  atMillis?: number
}

/** A request of such items, as an encoder hands it over. */
export function makeEncoded(signal: Signal, content: RequestContent): EncodedRequest {
  const { body } = makeBatch(signal, content)
  return { body, summary: summarizeRequest(body, signal) }
}

/** A batch of items that can be told apart by their names. */
export function makeBatch(signal: Signal, content: RequestContent): OtlpBatch {
  const { names, service = 'checkout', atMillis = EPOCH_MILLIS } = content
  const resource = {
    attributes: [{ key: 'service.name', value: { stringValue: service } }],
  }
  const timeUnixNano = `${atMillis}000000`
  const items = {
    traces: () => ({
      resourceSpans: [
        { resource, scopeSpans: [{ spans: names.map((name, index) => span(name, index)) }] },
      ],
    }),
    metrics: () => ({
      resourceMetrics: [
        {
          resource,
          scopeMetrics: [
            {
              metrics: names.map((name) => ({
                name,
                sum: { dataPoints: [{ timeUnixNano, asInt: '1' }], aggregationTemporality: 2 },
              })),
            },
          ],
        },
      ],
    }),
    logs: () => ({
      resourceLogs: [
        {
          resource,
          scopeLogs: [
            { logRecords: names.map((name) => ({ timeUnixNano, body: { stringValue: name } })) },
          ],
        },
      ],
    }),
  }
  const span = (name: string, index: number): object => ({
    traceId: content.traceId ?? '0af7651916cd43dd8448eb211c80319c',
    spanId: (index + 1).toString(16).padStart(16, '0'),
    name,
    startTimeUnixNano: timeUnixNano,
    endTimeUnixNano: `${atMillis + 5}000000`,
  })
  return {
    signal,
    body: requestFromJson(items[signal](), signal),
    capturedAtUnixNano: BigInt(atMillis) * 1_000_000n,
  }
}

/** Records batches as one writer does, from start to completion. */
export async function recordSession(
  store: ObjectStore,
  sessionId: string,
  batches: Iterable<OtlpBatch>,
  options: Partial<SessionWriterOptions> = {},
): Promise<SessionMetadata> {
  const writer = createWriter(store, sessionId, options)
  await writer.ready
  for (const batch of batches) writer.write(batch)
  return writer.close(AbortSignal.timeout(10_000))
}

export function createWriter(
  store: ObjectStore,
  sessionId: string,
  options: Partial<SessionWriterOptions> = {},
): SessionWriter {
  return new SessionWriter({
    store,
    description: { sessionId, createdBy: 'a test', enabledFlags: [] },
    ...options,
  })
}

export async function readAll(options: ReadSessionOptions): Promise<RecordedBatch[]> {
  return (await readSession(options).toArray()) as RecordedBatch[]
}

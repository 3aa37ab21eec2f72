// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createTraceIndex } from '../../../src/query/search/create-trace-index'
import type { TraceIndex } from '../../../src/query/search/trace-index'
import type { TraceIndexOptions } from '../../../src/query/search/trace-index-config'
import type { SpanInput } from '../../../src/query/search/trace-input'

/** 2026-01-02T03:04:05Z. */
export const START = 1_767_323_045_000_000_000n

export interface MadeTrace {
  readonly traceId: string
  readonly spans: SpanInput[]
}

/** A trace of one span or more; each begins a millisecond after the one before. */
export function makeTrace(traceId: string, ...spans: Partial<SpanInput>[]): MadeTrace {
  return {
    traceId,
    spans: spans.map((span, index) => {
      const start =
        (span.startTimeUnixNano as bigint | undefined) ?? START + BigInt(index) * 1_000_000n
      return {
        spanId: `${traceId}-${index}`,
        parentSpanId: index === 0 ? undefined : `${traceId}-0`,
        name: 'GET /',
        serviceName: 'shop',
        startTimeUnixNano: start,
        endTimeUnixNano: start + 5_000_000n,
        ...span,
      }
    }),
  }
}

/** A span that failed with such an exception. */
export function failed(
  type: string,
  message: string,
  span: Partial<SpanInput> = {},
): Partial<SpanInput> {
  return {
    status: { code: 2 },
    events: [
      {
        name: 'exception',
        timeUnixNano: START,
        attributes: { 'exception.type': type, 'exception.message': message },
      },
    ],
    ...span,
  }
}

/** An index that is open, and closes with the test's scope. */
export async function openIndex(options: TraceIndexOptions = {}): Promise<TraceIndex> {
  const index = createTraceIndex(options)
  await index.initialize()
  return index
}

export function idsOf(results: readonly { traceId: string }[]): string[] {
  return results.map(({ traceId }) => traceId)
}

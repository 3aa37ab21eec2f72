// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReadableSpan } from '../../otlp/sdk-types'
import { type ReadDecodedOptions, readDecodedSession } from '../decoded-session'

/** So many spans are held while others of their traces may come. */
const HELD_SPANS = 20_000

/**
 * A session's spans by trace, in the order of each trace's first. A trace that goes on for long
 * comes in parts: what is held is bounded.
 */
export async function* readSessionTraces(
  options: Omit<ReadDecodedOptions, 'signals'>,
): AsyncGenerator<readonly ReadableSpan[], void, undefined> {
  const held = new Map<string, ReadableSpan[]>()
  let heldSpans = 0
  for await (const batch of readDecodedSession({ ...options, signals: ['traces'] })) {
    if (batch.signal !== 'traces') continue
    for (const span of batch.spans) {
      const { traceId } = span.spanContext()
      const spans = held.get(traceId)
      if (spans) spans.push(span)
      else held.set(traceId, [span])
    }
    heldSpans += batch.spans.length
    // The older half: of the younger, more may be on its way.
    while (heldSpans > HELD_SPANS) {
      for (const [traceId, spans] of held) {
        if (heldSpans <= HELD_SPANS / 2) break
        held.delete(traceId)
        heldSpans -= spans.length
        yield spans
      }
    }
  }
  yield* held.values()
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { planRequests } from './field-plan'
import { findFields } from './find-fields'
import { FoundFields } from './found-fields'
import { SPAN_ID_BYTES, TRACE_ID_BYTES, type IdRewriter } from './id-rewriter'
import type { Signal } from './signal'
import { viewOf } from './time-offset'

const TRACE_ID = 1
const SPAN_ID = 2

const planOf = planRequests((field) => {
  if (field.kind === 'traceId') return TRACE_ID
  return field.kind === 'spanId' ? SPAN_ID : 0
})

/**
 * Replaces every trace id and span id in a request: those of spans, their parents
 * and links, of log records and exemplars. Ids that are absent, all zero or of
 * another length than OTLP's 16 and 8 bytes are left alone. Nothing is decoded:
 * the result is a copy of `body`, which is never altered, with the ids patched in
 * place.
 *
 * @throws MalformedOtlpError when the bytes cannot be followed
 *
 * @example
 * const again = rewriteIds(body, 'traces', createIdRewriter('second run'))
 */
export function rewriteIds(body: Uint8Array, signal: Signal, rewriter: IdRewriter): Uint8Array {
  const ids = findFields(planOf(signal), body)
  // Not body.slice(): a Buffer's slice is a view of the same memory.
  const rewritten = new Uint8Array(body)
  const view = viewOf(rewritten)
  for (let index = 0; index < ids.count; index++) {
    const start = ids.start(index)
    const length = ids.end(index) - start
    if (ids.mark(index) === TRACE_ID) {
      if (length === TRACE_ID_BYTES) rewriter.rewriteTraceId(view, start)
    } else if (length === SPAN_ID_BYTES) {
      rewriter.rewriteSpanId(view, start)
    }
  }
  FoundFields.giveBack(ids)
  return rewritten
}

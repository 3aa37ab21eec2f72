// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { planRequests } from './field-plan'
import type { IdRewriter } from './id-rewriter'
import type { Signal } from './signal'
import { walkFields, type FieldVisitor } from './walk-fields'

const TRACE_ID = 1
const SPAN_ID = 2

const TRACE_ID_BYTES = 16
const SPAN_ID_BYTES = 8

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
 * @throws RangeError when `rewriter` answers with an id of another length
 *
 * @example
 * const again = rewriteIds(body, 'traces', createIdRewriter('second run'))
 */
export function rewriteIds(body: Uint8Array, signal: Signal, rewriter: IdRewriter): Uint8Array {
  const rewritten = new Uint8Array(body)
  const patcher = new IdPatcher(rewritten, rewriter)
  walkFields(planOf(signal), rewritten, 0, rewritten.length, patcher)
  return rewritten
}

class IdPatcher implements FieldVisitor {
  readonly #bytes: Uint8Array
  readonly #rewriter: IdRewriter

  constructor(bytes: Uint8Array, rewriter: IdRewriter) {
    this.#bytes = bytes
    this.#rewriter = rewriter
  }

  field(mark: number, start: number, end: number): void {
    if (end - start !== (mark === TRACE_ID ? TRACE_ID_BYTES : SPAN_ID_BYTES)) return
    const id = this.#bytes.subarray(start, end)
    if (isAllZero(id)) return
    const replacement = mark === TRACE_ID ? this.#rewriter.traceId(id) : this.#rewriter.spanId(id)
    if (replacement.length !== id.length) {
      throw new RangeError(
        `an id of ${id.length} bytes was rewritten to one of ${replacement.length} bytes; ` +
          'return an id of the same length',
      )
    }
    id.set(replacement)
  }
}

function isAllZero(id: Uint8Array): boolean {
  for (const byte of id) if (byte !== 0) return false
  return true
}

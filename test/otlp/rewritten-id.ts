// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { IdRewriter } from '../../src/otlp/id-rewriter'

/** What a rewriter makes of a trace id, which stays as it is. */
export function rewrittenTraceId(rewriter: IdRewriter, id: Uint8Array): Uint8Array {
  const mapped = new Uint8Array(id)
  rewriter.rewriteTraceId(new DataView(mapped.buffer), 0)
  return mapped
}

/** What a rewriter makes of a span id, which stays as it is. */
export function rewrittenSpanId(rewriter: IdRewriter, id: Uint8Array): Uint8Array {
  const mapped = new Uint8Array(id)
  rewriter.rewriteSpanId(new DataView(mapped.buffer), 0)
  return mapped
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { LocalTraceIndex } from './local-trace-index'
import type { TraceIndex } from './trace-index'
import { type TraceIndexOptions, resolveTraceIndexConfig } from './trace-index-config'

/**
 * Creates an index of traces, in memory or in a file. Without a model it ranks by words and by
 * what they mean in operations ("hangs" finds a timeout); with an embedder by meaning as well.
 *
 * @throws {@link QueryError} `InvalidConfig`
 *
 * @example
 * await using index = createTraceIndex()
 * await index.initialize()
 * await index.ingestSession('debug-payment')
 * for (const { traceId, similarity, content } of await index.searchTraces('slow checkout')) {
 *   console.log(traceId, similarity.toFixed(2), content)
 * }
 */
export function createTraceIndex(options: TraceIndexOptions = {}): TraceIndex {
  return new LocalTraceIndex(resolveTraceIndexConfig(options))
}

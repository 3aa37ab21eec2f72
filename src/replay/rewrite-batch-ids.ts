// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto'
import type { Transform } from 'node:stream'
import { createIdRewriter } from '../otlp/id-rewriter'
import { rewriteIds } from '../otlp/rewrite-ids'
import { type StageOptions, transformBatches } from './transform-batches'

export interface RewriteIdsOptions extends StageOptions {
  /** The same seed gives the same ids. Default: a random one, so every replay gets ids of its own. */
  seed?: string
}

/**
 * Gives every trace and span another id, so that a backend keeps two replays of
 * a session apart. Which span belongs to which trace and to which parent stays,
 * in spans, links, logs and exemplars, across batches and signals.
 */
export function rewriteBatchIds(options: RewriteIdsOptions = {}): Transform {
  const rewriter = createIdRewriter(options.seed ?? randomUUID())
  return transformBatches(
    (batch) => ({ ...batch, body: rewriteIds(batch.body, batch.signal, rewriter) }),
    options,
  )
}

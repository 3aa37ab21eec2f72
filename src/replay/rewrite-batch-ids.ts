// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto'
import type { Transform } from 'node:stream'
import * as v from 'valibot'
import { createIdRewriter } from '../otlp/id-rewriter'
import { rewriteIds } from '../otlp/rewrite-ids'
import { checkOptions, expected } from './check-options'
import {
  type BatchStep,
  type StageOptions,
  stageEntries,
  transformBatches,
} from './transform-batches'

export interface RewriteIdsOptions extends StageOptions {
  /** The same seed gives the same ids. Default: a random one, so every replay gets ids of its own. */
  seed?: string
}

const entries = {
  ...stageEntries,
  seed: v.optional(
    expected<string>('a string, not empty', (value) => typeof value === 'string' && value !== ''),
  ),
}

/**
 * Gives every trace and span another id, so that a backend keeps two replays of
 * a session apart. Which span belongs to which trace and to which parent stays,
 * in spans, links, logs and exemplars, across batches and signals.
 *
 * @throws ReplayError of reason `InvalidConfig` when an option is unknown or wrong
 */
export function rewriteBatchIds(options: RewriteIdsOptions = {}): Transform {
  const { seed, onMalformed } = checkOptions(entries, options, 'rewriteBatchIds')
  return transformBatches(rewriteIdsStep(seed), { onMalformed })
}

/** Gives each batch a body of its own, with other ids. */
export function rewriteIdsStep(seed: string = randomUUID()): BatchStep {
  const rewriter = createIdRewriter(seed)
  return (batch) => ({ ...batch, body: rewriteIds(batch.body, batch.signal, rewriter) })
}

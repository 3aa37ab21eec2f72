// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { OtlpBatch } from '../otlp/otlp-batch'
import { summarizeRequest } from '../otlp/summarize-request'
import { type ReplayBatch, itemsOf } from './replay-batch'
import { ReplayError } from './replay-error'
import type { BatchStep } from './transform-batches'

/**
 * Changes what is replayed: gives the batch back, another one with another
 * `body`, or `undefined` to leave it out. A batch stays of its signal and of its
 * time of arrival. What is added to it is sent, and not counted.
 */
export type ModifyBatch = (
  batch: OtlpBatch,
) => OtlpBatch | undefined | Promise<OtlpBatch | undefined>

/** Runs `modify` on each batch, and counts what it leaves out. `name` is for messages. */
export function modifyStep(
  modify: ModifyBatch,
  name: string,
  onFiltered: (itemCount: number) => void,
): BatchStep {
  return async (batch) => {
    const body = await modifiedBody(modify, name, batch)
    if (body === batch.body) return batch
    const before = itemsOf(batch)
    const after = body ? Math.min(before, summarizeRequest(body, batch.signal).itemCount) : 0
    if (after < before) onFiltered(before - after)
    return body && { ...batch, body, itemCount: after }
  }
}

async function modifiedBody(
  modify: ModifyBatch,
  name: string,
  batch: ReplayBatch,
): Promise<Uint8Array | undefined> {
  let modified: OtlpBatch | undefined
  try {
    modified = await modify(batch)
  } catch (error) {
    const message = `${name} threw: ${(error as Error)?.message ?? String(error)}`
    throw new ReplayError('InvalidConfig', message, { cause: error })
  }
  if (modified === undefined) return undefined
  if (modified?.body instanceof Uint8Array) return modified.body
  throw new ReplayError(
    'InvalidConfig',
    `${name} returned no batch: return one with a body of protobuf bytes, or undefined`,
  )
}

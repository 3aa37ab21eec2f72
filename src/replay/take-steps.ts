// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import type { ReplayBatch } from './replay-batch'
import type { BatchStep, StageOptions } from './transform-batches'

/**
 * Leads batches through steps, one after the other and in order, as a `Transform`
 * for each step would: streams between them would cost more than most steps do,
 * and hold more batches. A batch that a step can't follow is handed to
 * `onMalformed` as it came to that step, and left out.
 */
export async function* takeSteps(
  runs: AsyncIterable<readonly ReplayBatch[]>,
  steps: readonly BatchStep[],
  onMalformed: NonNullable<StageOptions['onMalformed']>,
  signal: AbortSignal,
): AsyncGenerator<ReplayBatch, void, undefined> {
  for await (const run of runs) {
    for (const batch of run) {
      let taken: ReplayBatch | undefined = batch
      try {
        for (const step of steps) {
          const outcome: ReturnType<BatchStep> = step(taken, signal)
          // Most steps have nothing to wait for, and a promise a batch would be their main cost.
          const next = outcome instanceof Promise ? await outcome : outcome
          taken = next
          if (!taken) break
        }
      } catch (error) {
        if (!(error instanceof MalformedOtlpError)) throw error
        onMalformed(taken ?? batch, error)
        continue
      }
      if (taken) yield taken
    }
  }
}

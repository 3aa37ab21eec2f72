// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Transform } from 'node:stream'
import * as v from 'valibot'
import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import { callback, checkOptions } from './check-options'
import type { ReplayBatch } from './replay-batch'

/**
 * What a stage makes of a batch: another one, or `undefined` to let it go. The
 * signal fires when the stream is destroyed; whatever waits has to heed it.
 */
export type BatchStep = (
  batch: ReplayBatch,
  signal: AbortSignal,
) => ReplayBatch | undefined | Promise<ReplayBatch | undefined>

export interface StageOptions {
  /**
   * Called with a batch whose bytes are no OTLP; it is left out, and the stream goes on. Throw to
   * end it. Default: the stream ends with the error.
   */
  onMalformed?: (batch: ReplayBatch, error: MalformedOtlpError) => void
}

export const stageEntries = {
  onMalformed: v.optional(callback<NonNullable<StageOptions['onMalformed']>>()),
}

/** Streams hold one batch at a time, so that a stage acts on a batch when its turn has come. */
export const STAGE_HIGH_WATER_MARK = 1

/**
 * A stage of a replay: an object-mode `Transform` that takes and gives batches,
 * one at a time and in order. All stages here are made of it, and so can your own.
 *
 * @throws ReplayError of reason `InvalidConfig` when an option is unknown or wrong
 *
 * @example
 * const small = transformBatches((batch) => (batch.body.length < 1e6 ? batch : undefined))
 * await pipeline(replayDataStream({ sessionId }), small, otlpHttpSink())
 */
export function transformBatches(step: BatchStep, options: StageOptions = {}): Transform {
  return new BatchTransform(step, checkOptions(stageEntries, options, 'transformBatches'))
}

type StepCallback = (error?: Error | null, batch?: ReplayBatch) => void

class BatchTransform extends Transform {
  readonly #step: BatchStep
  readonly #onMalformed: StageOptions['onMalformed']
  readonly #ended = new AbortController()

  constructor(step: BatchStep, { onMalformed }: StageOptions) {
    super({
      objectMode: true,
      readableHighWaterMark: STAGE_HIGH_WATER_MARK,
      writableHighWaterMark: STAGE_HIGH_WATER_MARK,
    })
    this.#step = step
    this.#onMalformed = onMalformed
  }

  override _transform(
    batch: ReplayBatch,
    _encoding: BufferEncoding,
    callback: (error?: Error | null, batch?: ReplayBatch) => void,
  ): void {
    let outcome: ReturnType<BatchStep>
    try {
      outcome = this.#step(batch, this.#ended.signal)
    } catch (error) {
      return this.#fail(batch, error, callback)
    }
    // Most stages have nothing to wait for, and a promise a batch would be their main cost.
    if (!(outcome instanceof Promise)) return callback(null, outcome)
    outcome.then(
      (next) => callback(null, next),
      (error: unknown) => this.#fail(batch, error, callback),
    )
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#ended.abort()
    callback(error)
  }

  #fail(batch: ReplayBatch, error: unknown, callback: StepCallback): void {
    if (!(error instanceof MalformedOtlpError) || !this.#onMalformed) {
      return callback(error as Error)
    }
    try {
      this.#onMalformed(batch, error)
      callback()
    } catch (reason) {
      callback(reason as Error)
    }
  }
}

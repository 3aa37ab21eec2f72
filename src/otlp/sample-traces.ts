// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { TRACE_ID_BYTES } from './id-rewriter'

export interface SamplingOptions {
  /** Which part of all traces is kept: 0 none, 1 all. */
  ratio: number
}

/** Decides which traces are kept, everywhere alike. */
export interface TraceSampler {
  /** Whether the trace whose id lies from `start` to `end` is kept. What is no trace id belongs to no trace, and is. */
  keeps(bytes: Uint8Array, start: number, end: number): boolean
}

/** The random part of a trace id: its last 7 bytes. */
const RANDOM_VALUES = 2 ** 56
const LOW_VALUES = 2 ** 32

/**
 * A sampler by OpenTelemetry's consistent probability sampling ("TraceState: Probability
 * Sampling"): a trace is kept if R >= T. R is what W3C Trace Context Level 2 says to be
 * random in a trace id, its least significant 56 bits; T is (1 - ratio) * 2^56. So whoever
 * samples keeps the same traces, and with a smaller ratio a part of them.
 *
 * An explicit randomness (`ot=rv` in the trace state) is not looked at: log records have no
 * trace state, and would part from their spans.
 *
 * @throws TypeError for a wrong option
 *
 * @example
 * const sampler = createTraceSampler({ ratio: 0.1 })
 * sampler.keeps(traceId, 0, 16)
 */
export function createTraceSampler(options: SamplingOptions): TraceSampler {
  return new ThresholdSampler(checkedRatio(options))
}

function checkedRatio(options: unknown): number {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`'sampling' has to be an object with a ratio, got ${String(options)}`)
  }
  const { ratio, ...others } = options as Record<string, unknown>
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) {
    throw new TypeError(`'sampling' has no option '${unknown.slice(0, 100)}'; it has ratio`)
  }
  if (typeof ratio === 'number' && ratio >= 0 && ratio <= 1) return ratio
  throw new TypeError(`'sampling.ratio' has to be a number from 0 to 1, got ${String(ratio)}`)
}

class ThresholdSampler implements TraceSampler {
  // In two parts, since a number is exact up to 53 bits only.
  readonly #thresholdHigh: number
  readonly #thresholdLow: number

  constructor(ratio: number) {
    // A ratio above 0 keeps one of 2^56 at least: that is the smallest probability there is.
    const kept = ratio === 0 ? 0n : BigInt(Math.max(1, Math.round(ratio * RANDOM_VALUES)))
    const threshold = BigInt(RANDOM_VALUES) - kept
    this.#thresholdHigh = Number(threshold / BigInt(LOW_VALUES))
    this.#thresholdLow = Number(threshold % BigInt(LOW_VALUES))
  }

  keeps(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start !== TRACE_ID_BYTES || isZero(bytes, start, end)) return true
    const high = bytes[start + 9] * 0x1_0000 + bytes[start + 10] * 0x100 + bytes[start + 11]
    if (high !== this.#thresholdHigh) return high > this.#thresholdHigh
    const middle = bytes[start + 12] * 0x100_0000 + bytes[start + 13] * 0x1_0000
    return middle + bytes[start + 14] * 0x100 + bytes[start + 15] >= this.#thresholdLow
  }
}

/** Which stands for "no trace id". */
function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false
  return true
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { fromEnvironment } from '../options/environment'
import type { EncodedRequest } from '../otlp/encoded-request'
import type { RedactOptions } from '../otlp/redact-options'
import { type Redactor, createRedactor } from '../otlp/redact-request'
import { sampleRequest } from '../otlp/sample-request'
import { type SamplingOptions, type TraceSampler, createTraceSampler } from '../otlp/sample-traces'
import type { Signal } from '../otlp/signal'
import { summarizeRequest } from '../otlp/summarize-request'

/** See `CaptureConfig`. */
export interface ScreenOptions {
  redact?: RedactOptions
  sampling?: SamplingOptions
}

/** What of a request may be kept. */
export interface ScreenedRequest {
  /** Undefined if sampling left out all that was in it. */
  readonly kept: EncodedRequest | undefined
  /** Spans or log records that sampling left out. */
  readonly sampledOutItems: number
}

/** Stands in front of whatever keeps a request: queue, journal, disk and store. */
export interface Screen {
  /**
   * What comes in is not altered, and comes back as it is if all of it may be kept.
   *
   * @throws MalformedOtlpError when that can't be told: nothing of the request may be kept then
   */
  screen(signal: Signal, request: EncodedRequest): ScreenedRequest
}

const KEYS_VARIABLE = 'OTEL_TAPE_REDACT_ATTRIBUTE_KEYS'
const RATIO_VARIABLE = 'OTEL_TAPE_SAMPLING_RATIO'

/**
 * The screen that options and environment ask for, code before environment; undefined if all
 * may be kept, so that nothing is paid then.
 *
 * @throws TypeError for a wrong option
 */
export function createScreen({ redact = {}, sampling }: ScreenOptions): Screen | undefined {
  const redactor = createRedactor(redact, fromEnvironment(KEYS_VARIABLE, keysIn))
  const sampler = createSampler(sampling)
  return redactor || sampler ? new RequestScreen(redactor, sampler) : undefined
}

function keysIn(text: string): string[] {
  const keys = text.split(',').map((key) => key.trim())
  return keys.filter((key) => key !== '')
}

function createSampler(
  sampling: SamplingOptions | undefined = fromEnvironment(RATIO_VARIABLE, samplingIn),
): TraceSampler | undefined {
  if (sampling === undefined) return undefined
  const sampler = createTraceSampler(sampling)
  return sampling.ratio === 1 ? undefined : sampler
}

function samplingIn(text: string): SamplingOptions {
  const ratio = Number(text)
  if (ratio >= 0 && ratio <= 1) return { ratio }
  throw new RangeError(`'${text}' is no number from 0 to 1`)
}

class RequestScreen implements Screen {
  readonly #redactor: Redactor | undefined
  readonly #sampler: TraceSampler | undefined

  constructor(redactor: Redactor | undefined, sampler: TraceSampler | undefined) {
    this.#redactor = redactor
    this.#sampler = sampler
  }

  screen(signal: Signal, request: EncodedRequest): ScreenedRequest {
    const sampled = this.#sampler && sampleRequest(request.body, signal, this.#sampler)
    const { body: left, sampledOutItems } = sampled ?? { body: request.body, sampledOutItems: 0 }
    if (left === undefined) return { kept: undefined, sampledOutItems }
    const body = this.#redactor?.redact(left, signal) ?? left
    if (body === request.body) return { kept: request, sampledOutItems }
    // Anew: what was counted in it, and the names of its services, may have gone.
    return { kept: { body, summary: summarizeRequest(body, signal) }, sampledOutItems }
  }
}

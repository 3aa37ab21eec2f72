// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as log from './log-record-tags'
import type { TraceSampler } from './sample-traces'
import type { Signal } from './signal'
import * as span from './span-tags'
import { Splices } from './splices'
import { WireReader } from './wire-reader'

export interface SampledRequest {
  /** What is left of the request; undefined if it had items and none is left. */
  readonly body: Uint8Array | undefined
  /** Spans or log records that are gone. */
  readonly sampledOutItems: number
}

interface ItemPath {
  /** What stands before an entry of the request, a scope of that, and an item of that. */
  readonly tags: readonly number[]
  readonly traceId: number
}

const PATHS: Readonly<Record<Exclude<Signal, 'metrics'>, ItemPath>> = {
  traces: { tags: [span.RESOURCE_SPANS, span.SCOPE_SPANS, span.SPANS], traceId: span.TRACE_ID },
  logs: { tags: [log.RESOURCE_LOGS, log.SCOPE_LOGS, log.LOG_RECORDS], traceId: log.TRACE_ID },
}

/**
 * Keeps of a request the spans and log records whose traces `sampler` keeps, byte for byte, and
 * what belongs to no trace: log records without a trace id, and all metrics with their
 * exemplars. A scope or resource goes when none of its items is left.
 *
 * When nothing has to go, `body` is the very object that came in.
 *
 * @throws MalformedOtlpError when the bytes cannot be followed
 *
 * @example
 * const { body } = sampleRequest(batch.body, 'traces', createTraceSampler({ ratio: 0.1 }))
 */
export function sampleRequest(
  body: Uint8Array,
  signal: Signal,
  sampler: TraceSampler,
): SampledRequest {
  if (signal === 'metrics') return { body, sampledOutItems: 0 }
  const walk = new SamplingWalk(body, PATHS[signal], sampler)
  walk.enter(0)
  const { keptItems, sampledOutItems } = walk
  const isEmptied = keptItems === 0 && sampledOutItems > 0
  return { body: isEmptied ? undefined : walk.splices.applyTo(body), sampledOutItems }
}

class SamplingWalk {
  readonly splices = new Splices()
  keptItems = 0
  sampledOutItems = 0
  readonly #reader: WireReader
  readonly #path: ItemPath
  readonly #sampler: TraceSampler

  constructor(body: Uint8Array, path: ItemPath, sampler: TraceSampler) {
    this.#reader = new WireReader(body)
    this.#path = path
    this.#sampler = sampler
  }

  /** Goes through the message at hand; returns by how much it has to grow. */
  enter(depth: number): number {
    const reader = this.#reader
    const { tags } = this.#path
    let delta = 0
    for (let start = reader.position; reader.next(); start = reader.position) {
      if (reader.field * 8 + reader.wireType !== tags[depth]) reader.skip()
      else if (depth < tags.length - 1) delta += this.#sampleGroup(start, depth + 1)
      else if (this.#keepsItem()) this.keptItems++
      else {
        this.sampledOutItems++
        delta += this.splices.remove(start, reader.position)
      }
    }
    return delta
  }

  #sampleGroup(fieldStart: number, depth: number): number {
    const reader = this.#reader
    const { keptItems, sampledOutItems } = this
    const prefixStart = reader.position
    const outer = reader.enter()
    const { position: start, end } = reader
    const delta = this.enter(depth)
    reader.leave(outer)
    const isEmptied = this.keptItems === keptItems && this.sampledOutItems > sampledOutItems
    if (isEmptied) return this.splices.remove(fieldStart, end)
    return this.splices.resize(prefixStart, start, end, delta)
  }

  // Of several trace ids the last counts, so the item is followed to its end.
  #keepsItem(): boolean {
    const reader = this.#reader
    const outer = reader.enter()
    let keeps = true
    while (reader.next()) {
      if (reader.field * 8 + reader.wireType === this.#path.traceId) {
        const length = reader.length()
        const start = reader.take(length)
        keeps = this.#sampler.keeps(reader.bytes, start, start + length)
      } else {
        reader.skip()
      }
    }
    reader.leave(outer)
    return keeps
  }
}

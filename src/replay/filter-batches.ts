// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Transform } from 'node:stream'
import { filterServices } from '../otlp/filter-services'
import type { Signal } from '../otlp/signal'
import { itemsOf } from './replay-batch'
import { type StageOptions, transformBatches } from './transform-batches'

export interface FilterOptions extends StageOptions {
  /** Pass what these services sent, by `service.name`. Default: whatever its service. */
  services?: Iterable<string>
  /** Pass these signals. Default: all. */
  signals?: Iterable<Signal>
  /** Told how many items of a batch did not pass. */
  onFiltered?: (itemCount: number, signal: Signal) => void
}

/**
 * Passes what some services sent and leaves out the rest: a batch in which
 * several services share a request keeps the resources of those that are asked
 * for, byte for byte.
 *
 * @example
 * const payment = filterBatches({ services: ['payment'], signals: ['traces', 'logs'] })
 * await pipeline(replayDataStream({ sessionId }), payment, otlpHttpSink())
 */
export function filterBatches(options: FilterOptions): Transform {
  const services = options.services && new Set(options.services)
  const signals = options.signals && new Set(options.signals)
  const { onFiltered } = options
  return transformBatches((batch) => {
    if (signals?.has(batch.signal) === false) {
      onFiltered?.(itemsOf(batch), batch.signal)
      return undefined
    }
    if (services === undefined) return batch
    const { body, keptItems, droppedItems } = filterServices(batch.body, batch.signal, services)
    if (droppedItems > 0) onFiltered?.(droppedItems, batch.signal)
    if (body === batch.body) return batch
    return body && { ...batch, body, itemCount: keptItems }
  }, options)
}

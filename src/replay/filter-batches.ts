// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Transform } from 'node:stream'
import * as v from 'valibot'
import { filterServices } from '../otlp/filter-services'
import { type Signal, isSignal } from '../otlp/signal'
import { callback, checkOptions, expected } from './check-options'
import { itemsOf } from './replay-batch'
import {
  type BatchStep,
  type StageOptions,
  stageEntries,
  transformBatches,
} from './transform-batches'

export interface FilterOptions extends StageOptions {
  /** Pass what these services sent, by `service.name`. Default: whatever its service. */
  services?: Iterable<string>
  /** Pass these signals. Default: all. */
  signals?: Iterable<Signal>
  /** Told how many items of a batch did not pass. */
  onFiltered?: (itemCount: number, signal: Signal) => void
}

const entries = {
  ...stageEntries,
  services: setOf<string>('a list of service names', (item) => typeof item === 'string'),
  signals: setOf<Signal>("a list of 'traces', 'metrics' and 'logs'", isSignal),
  onFiltered: v.optional(callback<NonNullable<FilterOptions['onFiltered']>>()),
}

/**
 * Passes what some services sent and leaves out the rest: a batch in which
 * several services share a request keeps the resources of those that are asked
 * for, byte for byte.
 *
 * @throws ReplayError of reason `InvalidConfig` when an option is unknown or wrong
 *
 * @example
 * const payment = filterBatches({ services: ['payment'], signals: ['traces', 'logs'] })
 * await pipeline(replayDataStream({ sessionId }), payment, otlpHttpSink())
 */
export function filterBatches(options: FilterOptions): Transform {
  const { services, signals, onFiltered, onMalformed } = checkOptions(
    entries,
    options,
    'filterBatches',
  )
  const keepServices = services && keepServicesStep(services, onFiltered)
  return transformBatches(
    (batch, signal) => {
      if (signals?.has(batch.signal) === false) {
        onFiltered?.(itemsOf(batch), batch.signal)
        return undefined
      }
      return keepServices ? keepServices(batch, signal) : batch
    },
    { onMalformed },
  )
}

/** Keeps of each batch what these services sent. */
export function keepServicesStep(
  services: ReadonlySet<string>,
  onFiltered: FilterOptions['onFiltered'],
): BatchStep {
  return (batch) => {
    const { body, keptItems, droppedItems } = filterServices(batch.body, batch.signal, services)
    if (droppedItems > 0) onFiltered?.(droppedItems, batch.signal)
    if (body === batch.body) return batch
    return body && { ...batch, body, itemCount: keptItems }
  }
}

/** Collected before it is looked at: an iterator gives what it holds only once. */
function setOf<T>(expectation: string, isFine: (item: unknown) => boolean) {
  // A string is iterable too, and its letters are no services.
  const isList = (value: unknown): boolean =>
    typeof value === 'object' && value !== null && Symbol.iterator in value
  return v.optional(
    v.pipe(
      expected<Iterable<T>>(expectation, isList),
      v.transform((items) => new Set(items)),
      v.check((items) => [...items].every(isFine), expectation),
    ),
  )
}

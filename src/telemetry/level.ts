// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Meter, type Observable, type ObservableResult, ValueType } from '@opentelemetry/api'
import { type Instrument, sharedInstrument } from './follow-meter-provider'
import type { InstrumentDefinition } from './instrument-definition'

/** Something that rises and falls, and is looked at when a provider collects. */
export interface Level extends Instrument {
  readonly definition: InstrumentDefinition<never>
  /** Asks `read` at each collection from now on, until what it gives back is called. */
  watch(read: () => number): () => void
}

export type LevelDefinition = Omit<InstrumentDefinition<never>, 'attributes'> & {
  readonly kind: 'UpDownCounter' | 'Gauge'
  /** What is told of several that are watched. None is below 0. */
  readonly combine: 'sum' | 'max'
}

export function createLevel(definition: LevelDefinition): Level {
  return sharedInstrument(definition.name, () => new WatchedLevel(definition))
}

class WatchedLevel implements Level {
  readonly definition: LevelDefinition & { readonly attributes: readonly never[] }
  readonly #readers = new Set<() => number>()
  #wasWatched = false
  #observable: Observable | undefined

  constructor(definition: LevelDefinition) {
    this.definition = { ...definition, attributes: [] }
  }

  watch(read: () => number): () => void {
    this.#wasWatched = true
    this.#readers.add(read)
    return () => void this.#readers.delete(read)
  }

  attach(meter: Meter): void {
    const { kind, name, unit, description } = this.definition
    this.#observable =
      kind === 'Gauge'
        ? meter.createObservableGauge(name, { unit, description })
        : meter.createObservableUpDownCounter(name, {
            ...{ unit, description },
            valueType: ValueType.INT,
          })
    this.#observable.addCallback(this.#tell)
  }

  detach(): void {
    this.#observable?.removeCallback(this.#tell)
    this.#observable = undefined
  }

  readonly #tell = (result: ObservableResult): void => {
    if (!this.#wasWatched) return
    const isSum = this.definition.combine === 'sum'
    const values = [...this.#readers].map((read) => read())
    // With nobody left it is nothing: untold, providers would go on with what they had last.
    result.observe(values.reduce((a, b) => (isSum ? a + b : Math.max(a, b)), 0))
  }
}

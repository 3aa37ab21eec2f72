// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  type Attributes,
  type Meter,
  type Observable,
  type ObservableResult,
  ValueType,
} from '@opentelemetry/api'
import { type Instrument, sharedInstrument } from './follow-meter-provider'
import type { InstrumentDefinition, MeasuredAttributes } from './instrument-definition'

/** Counts what has one set of attributes. */
export interface Series {
  add(value: number): void
}

/** A sum that is kept here, whether or not there is a provider, and told when one collects. */
export interface Counter<Name extends string> extends Instrument {
  readonly definition: InstrumentDefinition<Name>
  /** The same one for the same attributes: to be asked for once, where adding has to be fast. */
  series(attributes: MeasuredAttributes<Name>): Series
  /** A series for each value of one attribute, with others that all of them have. */
  seriesBy<Value extends string>(
    name: Name,
    values: readonly Value[],
    shared?: MeasuredAttributes<Name>,
  ): Record<Value, Series>
}

export type CounterDefinition<Name extends string> = Omit<InstrumentDefinition<Name>, 'kind'>

/** Counts up only. */
export function createCounter<Name extends string = never>(
  definition: CounterDefinition<Name>,
): Counter<Name> {
  const complete = { ...definition, kind: 'Counter' } as const
  return sharedInstrument(definition.name, () => new CollectedCounter(complete))
}

/** Counts up and down. */
export function createUpDownCounter<Name extends string = never>(
  definition: CounterDefinition<Name>,
): Counter<Name> {
  const complete = { ...definition, kind: 'UpDownCounter' } as const
  return sharedInstrument(definition.name, () => new CollectedCounter(complete))
}

/** Statuses and endpoints come from outside: what they make up must not grow for ever. */
const MAX_SERIES = 1_000
const OVERFLOW: Attributes = Object.freeze({ 'otel.metric.overflow': true })

class Sum implements Series {
  value = 0

  constructor(readonly attributes: Attributes) {}

  add(value: number): void {
    this.value += value
  }
}

/**
 * Adding to a number of our own costs next to nothing on the way of a batch, loses nothing that
 * happens before the app sets its provider, and drags no active span of the app into an exemplar.
 */
class CollectedCounter<Name extends string> implements Counter<Name> {
  readonly definition: InstrumentDefinition<Name>
  readonly #sums = new Map<string, Sum>()
  readonly #overflow = new Sum(OVERFLOW)
  #observable: Observable | undefined

  constructor(definition: InstrumentDefinition<Name>) {
    this.definition = definition
  }

  series(attributes: MeasuredAttributes<Name>): Series {
    const key = this.definition.attributes.map((name) => attributes[name] ?? '').join('\0')
    const known = this.#sums.get(key)
    if (known) return known
    if (this.#sums.size >= MAX_SERIES) return this.#overflow
    const sum = new Sum(Object.freeze({ ...attributes }))
    this.#sums.set(key, sum)
    return sum
  }

  seriesBy<Value extends string>(
    name: Name,
    values: readonly Value[],
    shared?: MeasuredAttributes<Name>,
  ): Record<Value, Series> {
    const of = (value: Value): Series => {
      const attributes: Partial<Record<Name, string | number>> = { ...shared }
      attributes[name] = value
      return this.series(attributes)
    }
    // All values are there.
    return Object.fromEntries(values.map((value) => [value, of(value)])) as Record<Value, Series>
  }

  attach(meter: Meter): void {
    const { kind, name, unit, description } = this.definition
    const options = { unit, description, valueType: ValueType.INT }
    this.#observable =
      kind === 'Counter'
        ? meter.createObservableCounter(name, options)
        : meter.createObservableUpDownCounter(name, options)
    this.#observable.addCallback(this.#tell)
  }

  detach(): void {
    this.#observable?.removeCallback(this.#tell)
    this.#observable = undefined
  }

  readonly #tell = (result: ObservableResult): void => {
    const { kind } = this.definition
    for (const { value, attributes } of [...this.#sums.values(), this.#overflow]) {
      // Of what never happened nothing is told: an app that captures has no replay to watch.
      const isTold = value !== 0 || (kind === 'UpDownCounter' && attributes !== OVERFLOW)
      if (isTold) result.observe(value, attributes)
    }
  }
}

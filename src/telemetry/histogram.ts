// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Meter, ROOT_CONTEXT, type Histogram as SdkHistogram, diag } from '@opentelemetry/api'
import { type Instrument, sharedInstrument } from './follow-meter-provider'
import type { InstrumentDefinition, MeasuredAttributes } from './instrument-definition'

export interface Histogram<Name extends string> extends Instrument {
  readonly definition: InstrumentDefinition<Name>
  /** Whether anybody keeps what is recorded: if not, nobody has to look at a clock. */
  readonly isKept: boolean
  record(value: number, attributes: MeasuredAttributes<Name>): void
}

export type HistogramDefinition<Name extends string> = Omit<InstrumentDefinition<Name>, 'kind'> & {
  readonly boundaries: readonly number[]
}

export function createHistogram<Name extends string>(
  definition: HistogramDefinition<Name>,
): Histogram<Name> {
  return sharedInstrument(definition.name, () => new AttachedHistogram(definition))
}

const log = diag.createComponentLogger({ namespace: 'otel-tape/telemetry' })

class AttachedHistogram<Name extends string> implements Histogram<Name> {
  readonly definition: HistogramDefinition<Name> & { readonly kind: 'Histogram' }
  #histogram: SdkHistogram | undefined

  constructor(definition: HistogramDefinition<Name>) {
    this.definition = { ...definition, kind: 'Histogram' }
  }

  get isKept(): boolean {
    return this.#histogram !== undefined
  }

  record(value: number, attributes: MeasuredAttributes<Name>): void {
    try {
      // Not in the active context: a span of the app's has no part in what we do.
      this.#histogram?.record(value, { ...attributes }, ROOT_CONTEXT)
    } catch (error) {
      this.detach()
      log.warn(`${this.definition.name} is measured no more: ${String(error)}`)
    }
  }

  attach(meter: Meter): void {
    const { name, unit, description, boundaries } = this.definition
    const advice = { explicitBucketBoundaries: [...boundaries] }
    this.#histogram = meter.createHistogram(name, { unit, description, advice })
  }

  detach(): void {
    this.#histogram = undefined
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Meter, type MeterProvider, createNoopMeter, diag, metrics } from '@opentelemetry/api'

/** Something that is told through whichever meter there is. */
export interface Instrument {
  /** Throws what the meter throws. */
  attach(meter: Meter): void
  detach(): void
}

const METER_NAME = 'otel-tape'
const SHARED_INSTRUMENTS = Symbol.for('otel-tape.instruments.1')

const log = diag.createComponentLogger({ namespace: 'otel-tape/telemetry' })

/**
 * Moves all instruments to the global meter provider, if that is another one than before.
 *
 * The metrics API has no proxy: a meter that is taken before the app sets its provider stays a
 * no-op for ever, and a capture is started before the SDK. So whatever works regularly (a flush,
 * a request to the store, an export) comes by here, which costs a comparison.
 */
export function followMeterProvider(): void {
  instruments.follow()
}

/**
 * The instrument of that name in this process. Doors of the package may each have a copy of this
 * module; two copies that counted apart would overwrite each other's values in the provider.
 */
export function sharedInstrument<T extends Instrument>(name: string, create: () => T): T {
  return instruments.find(name, create)
}

class Instruments {
  readonly #byName = new Map<string, Instrument>()
  #provider: MeterProvider | undefined
  #meter: Meter | undefined

  follow(): void {
    const provider = metrics.getMeterProvider()
    if (provider !== this.#provider) this.#moveTo(provider)
  }

  find<T extends Instrument>(name: string, create: () => T): T {
    // What is called so was made by this line, here or in another copy of this module.
    const known = this.#byName.get(name) as T | undefined
    if (known) return known
    const instrument = create()
    this.#byName.set(name, instrument)
    if (this.#meter) instrument.attach(this.#meter)
    return instrument
  }

  #moveTo(provider: MeterProvider): void {
    this.#provider = provider
    this.#meter = undefined
    for (const instrument of this.#byName.values()) instrument.detach()
    try {
      const meter = provider.getMeter(METER_NAME, packageVersion())
      if (meter === createNoopMeter()) return
      for (const instrument of this.#byName.values()) instrument.attach(meter)
      this.#meter = meter
    } catch (error) {
      // Whoever is measured must not suffer from it.
      for (const instrument of this.#byName.values()) instrument.detach()
      log.warn(`nothing is measured: the meter provider failed: ${String(error)}`)
    }
  }
}

const holder = globalThis as { [SHARED_INSTRUMENTS]?: Instruments }
const instruments = (holder[SHARED_INSTRUMENTS] ??= new Instruments())

function packageVersion(): string | undefined {
  try {
    const manifest = require('../../package.json') as { name?: string; version?: string }
    // Bundled into an app, this may be the app's own.
    return manifest.name === METER_NAME ? manifest.version : undefined
  } catch {
    return undefined
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** What an instrument is called and what it means, as docs/telemetry.md lists it. */
export interface InstrumentDefinition<Name extends string = string> {
  readonly kind: 'Counter' | 'UpDownCounter' | 'Gauge' | 'Histogram'
  readonly name: string
  /** UCUM. */
  readonly unit: string
  readonly description: string
  /** The names of all attributes that its values may have. */
  readonly attributes: readonly Name[]
}

export type MeasuredAttributes<Name extends string> = Readonly<
  Partial<Record<Name, string | number>>
>

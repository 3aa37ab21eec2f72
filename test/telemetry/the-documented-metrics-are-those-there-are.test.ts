// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Meter, type MetricOptions, createNoopMeter, metrics } from '@opentelemetry/api'
import { EXPORTER_INSTRUMENTS } from '../../src/telemetry/exporter-meter'
import { followMeterProvider } from '../../src/telemetry/follow-meter-provider'
import * as instruments from '../../src/telemetry/instruments'

interface Row {
  readonly name: string
  readonly kind: string
  readonly unit: string
  readonly description: string
  readonly attributes: readonly string[]
}

const DOCUMENT = readFileSync(join(__dirname, '../../docs/telemetry.md'), 'utf8')

/** The rows of the table whose first column is called so. */
function rowsOf(firstColumn: string): string[][] {
  const lines = DOCUMENT.split('\n')
  const head = lines.findIndex((line) => line.startsWith(`| ${firstColumn} |`))
  const rest = lines.slice(head + 2)
  return rest
    .slice(
      0,
      rest.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map((cells) => cells.slice(1, -1))
}

const inCode = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code)

const documented: Row[] = rowsOf('name').map(([name, kind, unit, description, attributes]) => ({
  ...{ name: inCode(name)[0], kind, unit: inCode(unit)[0], description },
  attributes: inCode(attributes),
}))

const defined = [...Object.values(instruments), ...EXPORTER_INSTRUMENTS].map(
  ({ definition }) => definition,
)

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)

test('each is documented, with its kind, unit, meaning and attributes', () => {
  const rows = defined.map(({ name, kind, unit, description, attributes }): Row => {
    return { name, kind, unit, description, attributes }
  })
  expect(documented.toSorted(byName)).toEqual(rows.toSorted(byName))
})

test('a provider is asked for just these', () => {
  const asked: Omit<Row, 'attributes'>[] = []
  const create =
    (kind: string) =>
    (name: string, { unit = '', description = '' }: MetricOptions = {}) => {
      asked.push({ name, kind, unit, description })
      return { addCallback: () => undefined, removeCallback: () => undefined }
    }
  const meter = Object.assign(Object.create(createNoopMeter()) as Meter, {
    createHistogram: create('Histogram'),
    createObservableCounter: create('Counter'),
    createObservableUpDownCounter: create('UpDownCounter'),
    createObservableGauge: create('Gauge'),
  })
  const provider = { getMeter: jest.fn(() => meter) }
  metrics.setGlobalMeterProvider(provider)
  followMeterProvider()
  metrics.disable()
  followMeterProvider()
  const expected = defined.map(({ name, kind, unit, description }) => {
    return { name, kind, unit, description }
  })
  expect(asked.toSorted(byName)).toEqual(expected.toSorted(byName))
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
    version: string
  }
  expect(provider.getMeter).toHaveBeenCalledWith('otel-tape', version)
})

test('every attribute is explained, and none that there is not', () => {
  const explained = rowsOf('attribute').flatMap(([name]) => inCode(name))
  const used = new Set(defined.flatMap(({ attributes }): readonly string[] => attributes))
  expect(new Set(explained)).toEqual(used)
})

test('names and units are spelled as the conventions want it', () => {
  for (const { name, unit, description } of defined) {
    expect(name).toMatch(/^(otel_tape|otel\.sdk\.exporter)(\.[a-z]+(_[a-z]+)*)+$/)
    expect(unit).toMatch(/^(s|By|\{[a-z_]+\}(\/s)?)$/)
    expect(description).toMatch(/^[A-Z].*\.$/)
  }
})

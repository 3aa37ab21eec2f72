// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { exporterSink } from '../../src/replay/exporter-sink'
import { filterBatches } from '../../src/replay/filter-batches'
import { otlpHttpSink } from '../../src/replay/otlp-http-sink'
import { pace } from '../../src/replay/pace'
import { ReplayError } from '../../src/replay/replay-error'
import { rewriteBatchIds } from '../../src/replay/rewrite-batch-ids'
import { shiftCurrent } from '../../src/replay/shift-current'
import { shiftRelative } from '../../src/replay/shift-relative'
import { transformBatches } from '../../src/replay/transform-batches'

// As JavaScript calls them, which no type keeps from a mistake.
const parts: Readonly<Record<string, (options: never) => unknown>> = {
  filterBatches,
  pace,
  shiftRelative,
  shiftCurrent,
  rewriteBatchIds,
  otlpHttpSink,
  transformBatches: (options) => transformBatches((batch) => batch, options),
  exporterSink: (options) => exporterSink({}, options),
}

function errorOf(name: string, options: unknown): unknown {
  try {
    parts[name](options as never)
  } catch (error) {
    return error
  }
  throw new Error('it was accepted')
}

test.each<[string, unknown, string]>([
  ['filterBatches', { bogus: 1 }, "no option 'bogus'; the options are onMalformed, services, sig"],
  ['filterBatches', { filterServices: ['x'] }, "there is no option 'filterServices'; the options"],
  ['filterBatches', undefined, 'the config has to be an object, got undefined'],
  ['filterBatches', { services: 'x' }, "'services' has to be a list of service names, got 'x'"],
  ['filterBatches', { services: [7] }, "'services' has to be a list of service names, got a list"],
  ['filterBatches', { signals: ['spans'] }, "'signals' has to be a list of 'traces', 'metrics'"],
  ['filterBatches', { onFiltered: 1 }, "'onFiltered' has to be a function, got 1"],
  ['pace', { speed: 'x' }, "there is no option 'speed'; the options are speedMultiplier"],
  ['pace', { speedMultiplier: '2' }, "'speedMultiplier' has to be a number above 0 or Infinity, g"],
  ['shiftRelative', { x: 1 }, "there is no option 'x'; the options are onMalformed, speedMultipli"],
  ['shiftRelative', { lastArrivalUnixNano: '1' }, "'lastArrivalUnixNano' has to be a bigint"],
  ['shiftCurrent', { x: 1 }, "there is no option 'x'; the options are onMalformed, maxTraces"],
  ['shiftCurrent', { maxTraces: 0 }, "'maxTraces' has to be a whole number above 0, got 0"],
  [
    'rewriteBatchIds',
    { bogus: 2 },
    "there is no option 'bogus'; the options are onMalformed, seed",
  ],
  ['rewriteBatchIds', { seed: 7 }, "'seed' has to be a string, not empty, got 7"],
  ['transformBatches', { onFiltered: 1 }, "no option 'onFiltered'; the options are onMalformed"],
  ['transformBatches', { onMalformed: 1 }, "'onMalformed' has to be a function, got 1"],
  ['transformBatches', null, 'the config has to be an object, got null'],
  ['otlpHttpSink', { url: 'x' }, "there is no option 'url'; the options are targetEndpoint, head"],
  ['otlpHttpSink', { concurrency: NaN }, "'concurrency' has to be a whole number from 1 to 256"],
  ['exporterSink', { x: 1 }, "there is no option 'x'; the options are concurrency, onRejected, ti"],
  ['exporterSink', { timeoutMillis: 0 }, "'timeoutMillis' has to be a whole number of millisecon"],
])('%s(%j)', (name, options, message) => {
  const error = errorOf(name, options)
  expect(error).toBeInstanceOf(ReplayError)
  expect(error).toMatchObject({ reason: 'InvalidConfig' })
  expect((error as ReplayError).message).toMatch(new RegExp(`^${name}: `))
  expect((error as ReplayError).message).toContain(message)
})

test('any iterable names services and signals, once read or often', () => {
  const signals = ['traces', 'logs'] as const
  expect(() => filterBatches({ services: new Set(['x']), signals: signals.values() })).not.toThrow()
})

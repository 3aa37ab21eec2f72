// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { metricBatch, modelOf, nanosOf } from './made-session'

async function seriesOf(metrics: readonly object[]) {
  const { metricSeries } = await modelOf(metrics.map((metric) => metricBatch('cart', [metric])))
  return metricSeries.map(({ kind, values }) => ({ kind, values: [...values] }))
}

const at = (seconds: number, since = 0) => ({
  timeUnixNano: nanosOf(seconds * 1_000),
  startTimeUnixNano: nanosOf(since * 1_000),
})

const sum = (points: object[], temporality = 2, isMonotonic = true) =>
  points.map((point) => ({
    name: 'requests',
    sum: { dataPoints: [point], aggregationTemporality: temporality, isMonotonic },
  }))

test('a cumulative counter becomes what it grows by a second, whatever it counted before', async () => {
  const points = [
    { ...at(10), asInt: '1000' },
    { ...at(20), asInt: '1050' },
    { ...at(40), asInt: '1150' },
  ]
  expect(await seriesOf(sum(points))).toEqual([{ kind: 'rate', values: [5, 5] }])
})

test('a counter that began anew counts from there', async () => {
  const points = [
    { ...at(10), asInt: '1000' },
    { ...at(20, 15), asInt: '30' },
    { ...at(30, 15), asInt: '40' },
    { ...at(40, 15), asInt: '8' },
  ]
  expect(await seriesOf(sum(points))).toEqual([{ kind: 'rate', values: [6, 1, 8 / 25] }])
})

test('a delta is divided by its own time', async () => {
  const points = [
    { ...at(10, 0), asInt: '50' },
    { ...at(20, 10), asDouble: 20.5 },
  ]
  expect(await seriesOf(sum(points, 1))).toEqual([{ kind: 'rate', values: [5, 2.05] }])
})

test('what arrives twice, or late, is left out', async () => {
  const points = [10, 20, 20, 15, 30].map((time) => ({ ...at(time), asInt: String(time * 2) }))
  expect(await seriesOf(sum(points))).toEqual([{ kind: 'rate', values: [2, 2] }])
})

test('a sum that may fall is a level, as a gauge is', async () => {
  const points = [
    { ...at(10), asInt: '7' },
    { ...at(20), asInt: '3' },
  ]
  expect(await seriesOf(sum(points, 2, false))).toEqual([{ kind: 'gauge', values: [7, 3] }])
})

test.each(['histogram', 'exponentialHistogram'])(
  'a %s is how many there were, and their mean',
  async (kind) => {
    const points = [
      { ...at(10), count: '10', sum: 100 },
      { ...at(20), count: '30', sum: 200 },
      { ...at(30), count: '30', sum: 200 },
    ]
    const metrics = points.map((point) => ({
      name: 'duration',
      [kind]: { dataPoints: [point], aggregationTemporality: 2 },
    }))
    expect(await seriesOf(metrics)).toEqual([
      { kind: 'count', values: [2, 0] },
      { kind: 'mean', values: [5] },
    ])
  },
)

test('a summary is read as a histogram is', async () => {
  const points = [
    { ...at(10), count: '10', sum: 100 },
    { ...at(20), count: '30', sum: 200 },
  ]
  const metrics = points.map((point) => ({ name: 'd', summary: { dataPoints: [point] } }))
  expect(await seriesOf(metrics)).toEqual([
    { kind: 'count', values: [2] },
    { kind: 'mean', values: [5] },
  ])
})

test('what is no number is left out', async () => {
  const points = ['NaN', 'Infinity', 3].map((asDouble) => ({ ...at(10), asDouble }))
  const metrics = points.map((point) => ({ name: 'g', gauge: { dataPoints: [point] } }))
  expect(await seriesOf(metrics)).toEqual([{ kind: 'gauge', values: [3] }])
})

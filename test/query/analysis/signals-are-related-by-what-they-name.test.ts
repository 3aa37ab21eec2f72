// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  analysisOf,
  attributesOf,
  logBatch,
  metricBatch,
  nanosOf,
  spanIdOf,
  traceBatch,
  traceIdOf,
} from './made-session'

const span = (trace: number, at: number, failed = false) =>
  traceBatch(
    {
      service: 'cart',
      name: 'serve',
      kind: 'server',
      at,
      takes: 10,
      failed,
      spanId: spanIdOf(900 + trace),
    },
    traceIdOf(trace),
  )

test('log records are counted by what they name, and by time where they name nothing', async () => {
  const named = (trace: number, spanNumber: number) => ({
    service: 'cart',
    at: 5,
    traceId: traceIdOf(trace),
    spanId: spanIdOf(spanNumber),
  })
  const { relations } = await analysisOf([
    span(1, 0),
    span(2, 100, true),
    span(3, 105),
    logBatch([
      { ...named(1, 901), body: 'order 17 of "Ada" failed' },
      { ...named(2, 902), body: 'order 18 of "Bob" failed' },
      { ...named(1, 555), body: 'a span that is not there' },
      { ...named(9, 901), body: 'a trace that is not there' },
      { service: 'cart', at: 4, body: 'while one request runs' },
      { service: 'cart', at: 107, body: 'while two requests run' },
      { service: 'cart', at: 60, body: 'while nothing runs' },
      { service: 'bank', at: 4, body: 'of another service', severity: 17 },
    ]),
  ])
  expect(relations.spanLogs).toEqual({
    spans: 3,
    spansWithLogs: 2,
    spansWithLogsShare: 2 / 3,
    traces: 3,
    tracesWithLogs: 2,
    logs: 8,
    logsOfSpans: 2,
    logsOfTraces: 1,
    logsOfMissingTraces: 1,
    logsWithoutTrace: 4,
    logsMatchedByTime: 1,
  })
  expect(relations.logPatterns[0]).toEqual({
    service: 'cart',
    severity: 'INFO',
    template: 'order <n> of <text> failed',
    example: 'order 17 of "Ada" failed',
    count: 2,
    countInTraces: 2,
    countInFailedSpans: 1,
    traceIds: [traceIdOf(2), traceIdOf(1)],
  })
  expect(relations.logPatterns.find(({ service }) => service === 'bank')?.severity).toBe('ERROR')
})

test('exemplars lead to traces, and to the highest values first', async () => {
  const exemplar = (value: number, traceId?: string) => ({
    timeUnixNano: nanosOf(5),
    asDouble: value,
    traceId,
    spanId: traceId === undefined ? undefined : spanIdOf(901),
  })
  const { relations, totals } = await analysisOf([
    span(1, 0),
    span(2, 100),
    metricBatch('cart', [
      {
        name: 'duration',
        unit: 's',
        histogram: {
          aggregationTemporality: 1,
          dataPoints: [
            {
              timeUnixNano: nanosOf(10),
              startTimeUnixNano: nanosOf(0),
              count: '3',
              sum: 6,
              exemplars: [
                exemplar(1, traceIdOf(1)),
                exemplar(7, traceIdOf(2)),
                exemplar(2, traceIdOf(8)),
                exemplar(3),
              ],
            },
          ],
        },
      },
      { name: 'memory', gauge: { dataPoints: [{ timeUnixNano: nanosOf(10), asInt: '5' }] } },
    ]),
  ])
  expect(relations.exemplars).toEqual({ exemplars: 4, withTrace: 3, ofMissingTraces: 1 })
  expect(relations.exemplarMetrics).toEqual([
    {
      metric: 'duration',
      service: 'cart',
      exemplars: 4,
      ofMissingTraces: 1,
      traceIds: [traceIdOf(2), traceIdOf(1)],
    },
  ])
  expect(relations.services).toEqual([
    { service: 'cart', spans: 2, logs: 0, metricNames: 2, metricSeries: 2, exemplars: 4 },
  ])
  expect(totals.traces).toBe(2)
})

test('parents and links that lead nowhere are counted', async () => {
  const { relations } = await analysisOf([
    traceBatch(
      {
        service: 'cart',
        name: 'work',
        at: 0,
        takes: 1,
        parentSpanId: spanIdOf(12345),
        spanId: spanIdOf(1),
        links: [
          [traceIdOf(1), spanIdOf(1)],
          [traceIdOf(7), spanIdOf(7)],
        ],
      },
      traceIdOf(1),
    ),
  ])
  expect(relations).toMatchObject({
    spansWithoutTheirParent: 1,
    links: 2,
    linksToMissingSpans: 1,
  })
})

test('series of one name and other attributes stay apart', async () => {
  const point = (route: string) => ({
    timeUnixNano: nanosOf(1),
    asInt: '1',
    attributes: attributesOf({ route }),
  })
  const { relations } = await analysisOf([
    metricBatch('cart', [
      { name: 'g', gauge: { dataPoints: [point('/a'), point('/b'), point('/a')] } },
    ]),
  ])
  expect(relations.services[0]).toMatchObject({ metricNames: 1, metricSeries: 2 })
})

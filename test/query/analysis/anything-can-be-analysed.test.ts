// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { analyzeSession } from '../../../src/query/analysis/analyze-session'
import { describeModel } from '../../../src/query/analysis/describe-model'
import { LOST_PARENT, NO_PARENT } from '../../../src/query/analysis/session-model'
import { SpanRows } from '../../../src/query/analysis/model/span-rows'
import { TraceIds } from '../../../src/query/analysis/model/trace-ids'
import { decodeSpans } from '../../../src/otlp/decode-spans'
import { MemoryStore } from '../../../src/storage/memory-store'
import { requestFromJson } from '../../../src/otlp/json-to-protobuf'
import { SIGNALS } from '../../../src/otlp/signal'
import { arbitraryRequestJson } from '../../support/arbitrary-otlp'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../../support/recording'
import {
  type SpanDraft,
  analysisOf,
  logBatch,
  modelOf,
  spanIdOf,
  traceBatch,
  traceIdOf,
} from './made-session'

const span = (at: number, takes: number, more: Partial<SpanDraft> = {}): SpanDraft => ({
  service: 'cart',
  name: 'work',
  at,
  takes,
  ...more,
})

test('a session without anything in it', async () => {
  const analysis = await analysisOf([])
  expect(analysis.totals).toMatchObject({ spans: 0, logs: 0, durationMillis: 0 })
  expect(analysis.totals.startTime).toBeUndefined()
  expect(analysis).toMatchObject({ patterns: [], operations: [], graph: { nodes: [], edges: [] } })
})

test('a session of logs alone', async () => {
  const { totals, graph, relations } = await analysisOf([
    logBatch([{ service: 'cart', body: 'x', at: 0 }]),
  ])
  expect(totals).toMatchObject({ spans: 0, logs: 1 })
  expect(graph.nodes).toEqual([expect.objectContaining({ id: 'service:cart', spans: 0 })])
  expect(relations.spanLogs.logsMatchedByTime).toBe(0)
})

test('a session of one span that takes no time', async () => {
  const { totals, operations } = await analysisOf([traceBatch(span(0, 0), traceIdOf(1))])
  expect(totals).toMatchObject({ spans: 1, traces: 1, durationMillis: 0 })
  expect(operations[0]).toMatchObject({ callsPerSecond: 0, criticalPathShare: 0 })
})

test('parents that came later, are missing, or are descendants', async () => {
  const ids = [1, 2, 3, 4, 5].map(spanIdOf)
  const rows = [
    span(1, 1, { spanId: ids[0], parentSpanId: ids[1] }),
    span(0, 9, { spanId: ids[1] }),
    span(0, 9, { spanId: ids[2], parentSpanId: spanIdOf(99) }),
    span(0, 9, { spanId: ids[3], parentSpanId: ids[4] }),
    span(0, 9, { spanId: ids[4], parentSpanId: ids[3] }),
  ]
  const model = await modelOf(rows.map((row) => traceBatch(row, traceIdOf(1))))
  expect([...model.spans.parent]).toEqual([1, NO_PARENT, LOST_PARENT, LOST_PARENT, LOST_PARENT])
  expect(model.leftOut.cyclicSpans).toBe(2)
  expect(describeModel(model).relations.spansWithoutTheirParent).toBe(3)
})

test('a span that is its own parent', async () => {
  const own = span(0, 5, { spanId: spanIdOf(1), parentSpanId: spanIdOf(1) })
  const model = await modelOf([traceBatch(own, traceIdOf(1))])
  expect(model.leftOut.cyclicSpans).toBe(1)
})

test('the same id in two traces is two spans, the same span twice is one', async () => {
  const batch = traceBatch(span(0, 5, { spanId: spanIdOf(1) }), traceIdOf(1))
  const other = traceBatch(span(0, 5, { spanId: spanIdOf(1) }), traceIdOf(2))
  const { spans, leftOut } = await modelOf([batch, other, batch])
  expect(spans.count).toBe(2)
  expect(leftOut.duplicateSpans).toBe(1)
})

test('clocks that disagree, and spans that end before they start', async () => {
  const child = span(-50, 20, { service: 'bank', kind: 'server' })
  const root = span(0, 10, { children: [child, span(4, -3)] })
  const model = await modelOf([traceBatch(root, traceIdOf(1))])
  expect(model.leftOut.backwardSpans).toBe(1)
  const { operations, totals } = describeModel(model)
  expect(totals.durationMillis).toBe(60)
  expect(operations.map(({ criticalPathMillis }) => criticalPathMillis)).toEqual([20, 10])
})

test('times that nobody set are those of the arrival', async () => {
  const body = requestFromJson(
    {
      resourceSpans: [
        { scopeSpans: [{ spans: [{ traceId: traceIdOf(1), spanId: spanIdOf(1) }] }] },
      ],
    },
    'traces',
  )
  const capturedAtUnixNano = BigInt(EPOCH_MILLIS) * 1_000_000n
  const { totals } = await analysisOf([{ signal: 'traces', body, capturedAtUnixNano }])
  expect(totals.startTime).toBe(new Date(EPOCH_MILLIS).toISOString())
})

test('a trace of a hundred thousand spans, each below the one before', () => {
  const count = 100_000
  const numbers = Uint32Array.from({ length: count }, (_, row) => row)
  const zeros = new Uint32Array(count)
  const analysis = describeModel({
    sessionId: 'deep',
    originUnixMillis: EPOCH_MILLIS,
    firstMillis: 0,
    lastMillis: count * 2,
    services: ['cart'],
    operations: [{ service: 0, name: 'work', kind: 'client', peer: undefined }],
    statements: [''],
    spans: {
      count,
      operation: zeros,
      trace: zeros,
      parent: Int32Array.from(numbers, (row) => row - 1),
      startMillis: Float64Array.from(numbers),
      durationMillis: Float64Array.from(numbers, (row) => 2 * (count - row)),
      flags: new Uint8Array(count),
      statement: zeros,
      instance: zeros,
    },
    traces: {
      count: 1,
      idOf: () => traceIdOf(1),
      offsets: Uint32Array.of(0, count),
      spanRows: numbers,
    },
    links: {
      count: 0,
      from: zeros.subarray(0, 0),
      toTrace: zeros.subarray(0, 0),
      to: new Int32Array(),
    },
    logPatterns: [],
    logs: {
      count: 0,
      pattern: new Uint32Array(),
      timeMillis: new Float64Array(),
      trace: new Int32Array(),
      span: new Int32Array(),
    },
    metricSeries: [],
    exemplars: {
      count: 0,
      series: new Uint32Array(),
      trace: new Int32Array(),
      span: new Int32Array(),
      timeMillis: new Float64Array(),
      value: new Float64Array(),
    },
    leftOut: {
      spans: 0,
      links: 0,
      logs: 0,
      metricPoints: 0,
      exemplars: 0,
      duplicateSpans: 0,
      spansOfOtherOperations: 0,
      backwardSpans: 0,
      cyclicSpans: 0,
    },
    damage: [],
  })
  expect(analysis.operations[0].selfMillis).toBeCloseTo(2 * count, 3)
  expect(analysis.operations[0].criticalPathMillis).toBeCloseTo(2 * count, 3)
})

test('a span with thousands of children', async () => {
  const children = Array.from({ length: 3_000 }, (_, index) =>
    span(index, 0.5, { kind: 'client', attributes: { 'peer.service': 'bank' } }),
  )
  const { patterns } = await analysisOf([traceBatch(span(0, 3_000, { children }), traceIdOf(1))])
  expect(patterns[0]).toMatchObject({ kind: 'n-plus-one', maxCalls: 3_000 })
})

test('more than maxSpans are counted, and what came first is analysed', async () => {
  const batches = Array.from({ length: 30 }, (_, index) =>
    traceBatch(span(index, 1, { name: index < 20 ? 'early' : 'late' }), traceIdOf(index)),
  )
  const { leftOut, totals, operations } = await analysisOf(batches, { maxSpans: 20 })
  expect({ left: leftOut.spans, spans: totals.spans }).toEqual({ left: 10, spans: 20 })
  expect(operations.map(({ name }) => name)).toEqual(['early'])
})

test('names made of ids share an operation, beyond a bound', () => {
  const rows = new SpanRows(new TraceIds(), 1_000_000)
  const [decoded] = decodeSpans(traceBatch(span(0, 5), traceIdOf(1)).body)
  for (let index = 0; index < 20_100; index++) {
    rows.add({ ...decoded, name: `GET /${index}` }, { service: 0, instance: 0 }, index)
  }
  expect(rows.operations).toHaveLength(20_001)
  expect(rows.operations.at(-1)?.name).toBe('(other)')
  expect(rows.leftOut.spansOfOtherOperations).toBe(100)
})

test('a damaged block is named, and the rest analysed', async () => {
  const store = new MemoryStore()
  await recordSession(store, 'made', [makeBatch('traces', { names: ['a', 'b'] })])
  for await (const { key } of store.list('sessions/made/raw/')) {
    await store.put(key.replace(/traces-\d/, 'traces-9'), Buffer.from('neither gzip nor OTLP'))
  }
  const { damage, totals } = await analyzeSession('made', { store })
  expect(totals.spans).toBe(2)
  expect(damage).toHaveLength(1)
})

test('what arbitrary requests hold comes out as JSON, and adds up', async () => {
  const arbitraryBatch = fc.constantFrom(...SIGNALS).chain((signal) =>
    arbitraryRequestJson(signal).map((json) => ({
      signal,
      body: requestFromJson(json, signal),
      capturedAtUnixNano: BigInt(EPOCH_MILLIS) * 1_000_000n,
    })),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryBatch, { maxLength: 4 }), async (batches) => {
      const analysis = await analysisOf(batches)
      const { operations, totals } = JSON.parse(JSON.stringify(analysis)) as typeof analysis
      expect(operations.reduce((sum, { calls }) => sum + calls, 0)).toBe(totals.spans)
      expect(analysis.damage).toEqual([])
    }),
    { numRuns: 15 },
  )
})

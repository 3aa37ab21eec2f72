// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { analyzeSession } from '../../../src/query/analysis/analyze-session'
import type { SessionAnalysis } from '../../../src/query/analysis/session-analysis'
import { requestFromJson } from '../../../src/otlp/json-to-protobuf'
import type { OtlpBatch } from '../../../src/otlp/otlp-batch'
import { MemoryStore } from '../../../src/storage/memory-store'
import { EPOCH_MILLIS, recordSession } from '../../support/recording'

const RECORDING = join(__dirname, '../../../../shared/data/otel-demo.jsonl')
const SIGNALS = {
  resourceSpans: 'traces',
  resourceMetrics: 'metrics',
  resourceLogs: 'logs',
} as const

interface SpanJson {
  service: string
  traceId: string
  spanId: string
  parentSpanId: string
  kind: number
  start: bigint
  end: bigint
  failed: boolean
  linked: number
}

interface RequestJson {
  resourceSpans?: {
    resource: { attributes: { key: string; value: { stringValue: string } }[] }
    scopeSpans: { spans: Record<string, never>[] }[]
  }[]
}

function spansOf(requests: readonly RequestJson[]): SpanJson[] {
  return requests.flatMap(({ resourceSpans = [] }) =>
    resourceSpans.flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) =>
        spans.map((span) => ({
          service:
            resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '?',
          traceId: String(span.traceId),
          spanId: String(span.spanId),
          parentSpanId: String(span.parentSpanId ?? ''),
          kind: Number(span.kind),
          start: BigInt(span.startTimeUnixNano),
          end: BigInt(span.endTimeUnixNano),
          failed: Number((span.status as { code?: number } | undefined)?.code ?? 0) === 2,
          linked: ((span.links ?? []) as unknown[]).length,
        })),
      ),
    ),
  )
}

const has = existsSync(RECORDING)

;(has ? describe : describe.skip)('a recording of the OpenTelemetry Demo', () => {
  const requests = has
    ? readFileSync(RECORDING, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as RequestJson)
    : []
  const store = new MemoryStore()
  let analysis: SessionAnalysis

  beforeAll(async () => {
    const batches = requests.flatMap((request, index): OtlpBatch[] =>
      Object.entries(SIGNALS)
        .filter(([field]) => field in request)
        .map(([, signal]) => ({
          signal,
          body: requestFromJson(request, signal),
          capturedAtUnixNano: BigInt(EPOCH_MILLIS + index) * 1_000_000n,
        })),
    )
    await recordSession(store, 'demo', batches)
    analysis = await analyzeSession('demo', { store })
  })

  test('has the edges between services that its JSON has', () => {
    const spans = spansOf(requests)
    const byId = new Map(spans.map((span) => [`${span.traceId} ${span.spanId}`, span]))
    const expected = new Map<string, { calls: number; errors: number; durations: number[] }>()
    for (const span of spans) {
      const parent = byId.get(`${span.traceId} ${span.parentSpanId}`)
      if (!parent || parent.service === span.service) continue
      const route = `service:${parent.service} -> service:${span.service}`
      const edge = expected.get(route) ?? { calls: 0, errors: 0, durations: [] }
      expected.set(route, edge)
      edge.calls++
      edge.errors += Number(parent.failed || span.failed)
      const seen = parent.kind === 3 ? parent : span
      edge.durations.push(Number(seen.end - seen.start) / 1e6)
    }
    const { graph } = analysis
    const services = new Set(spans.map(({ service }) => `service:${service}`))
    const between = graph.edges.filter(({ from, to }) => services.has(from) && services.has(to))
    expect(between).toHaveLength(expected.size)
    for (const { from, to, calls, errors, duration } of between) {
      const edge = expected.get(`${from} -> ${to}`)
      const sorted = edge?.durations.toSorted((a, b) => a - b) ?? []
      expect({ calls, errors }).toEqual({ calls: edge?.calls, errors: edge?.errors })
      expect(duration.p50Millis).toBeCloseTo(sorted[Math.ceil(sorted.length / 2) - 1], 6)
      expect(duration.maxMillis).toBeCloseTo(sorted[sorted.length - 1], 6)
    }
  })

  test('has the spans, traces, errors, links and missing parents that its JSON has', () => {
    const spans = spansOf(requests)
    const ids = new Set(spans.map((span) => `${span.traceId} ${span.spanId}`))
    const { totals, relations, damage } = analysis
    expect(damage).toEqual([])
    expect(totals.spans).toBe(spans.length)
    expect(totals.traces).toBe(new Set(spans.map(({ traceId }) => traceId)).size)
    expect(totals.errors).toBe(spans.filter(({ failed }) => failed).length)
    expect(relations.links).toBe(spans.reduce((sum, { linked }) => sum + linked, 0))
    expect(relations.spansWithoutTheirParent).toBe(
      spans.filter(
        ({ traceId, parentSpanId }) =>
          parentSpanId !== '' && !ids.has(`${traceId} ${parentSpanId}`),
      ).length,
    )
  })

  test('has its errors in the rows of its services', () => {
    const spans = spansOf(requests)
    const { graph } = analysis
    for (const { name, spans: count, errors, isInstrumented } of graph.nodes) {
      if (!isInstrumented) continue
      const own = spans.filter(({ service }) => service === name)
      expect([name, count, errors]).toEqual([name, own.length, own.filter((s) => s.failed).length])
    }
  })
})

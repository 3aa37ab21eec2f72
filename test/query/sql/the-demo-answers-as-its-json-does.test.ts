// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { requestFromJson } from '../../../src/otlp/json-to-protobuf'
import type { Signal } from '../../../src/otlp/signal'
import { type Query, openQuery } from '../../../src/query/sql/open-query'
import { MemoryStore } from '../../../src/storage/memory-store'
import { EPOCH_MILLIS, recordSession } from '../../support/recording'
import { runSourcesInWorkers } from '../../support/sources-in-workers'

// A recording of the OpenTelemetry demo, read twice: by SQL over the session it becomes, and by
// the plain code below over the JSON it is.

const RECORDING = join(__dirname, '../../../../shared/data/otel-demo.jsonl')
const describeIfThere = existsSync(RECORDING) ? describe : describe.skip

interface Attribute {
  key: string
  value: Record<string, string | number | boolean>
}

interface Item {
  [field: string]: unknown
  attributes?: Attribute[]
}

interface Found {
  item: Item
  service: string
}

/** Items of the file, as nested as they are there, beside the service that sent them. */
function itemsOf(lines: Item[], group: string, scope: string, list: string): Found[] {
  return listOf(lines, group).flatMap((resourceGroup) => {
    const resource = resourceGroup.resource as Item
    const service = String(attribute(resource, 'service.name') ?? '')
    return listOf([resourceGroup], scope)
      .flatMap((scopeGroup) => listOf([scopeGroup], list))
      .map((item) => ({ item, service }))
  })
}

/** A value that is no object. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function listOf(items: Item[], field: string): Item[] {
  return items.flatMap((item) => (item[field] ?? []) as Item[])
}

function attribute(item: Item, key: string): string | number | boolean | undefined {
  const value = item.attributes?.find((found) => found.key === key)?.value
  return value && Object.values(value).at(0)
}

function millisOf({ startTimeUnixNano, endTimeUnixNano }: Item): number {
  return Number(BigInt(String(endTimeUnixNano)) - BigInt(String(startTimeUnixNano))) / 1e6
}

function countBy<T>(items: T[], keyOf: (item: T) => string | undefined): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) {
    const key = keyOf(item)
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

describeIfThere('the demo', () => {
  let query: Query
  let lines: Item[]
  let spans: Found[]
  let metrics: Found[]
  let records: Found[]

  const points = (): (Found & { metric: Item })[] =>
    metrics.flatMap(({ item: metric, service }) =>
      ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']
        .flatMap((kind) => listOf([(metric[kind] ?? {}) as Item], 'dataPoints'))
        .map((item) => ({ item, service, metric })),
    )

  beforeAll(async () => {
    runSourcesInWorkers()
    const texts = readFileSync(RECORDING, 'utf8').split('\n').filter(Boolean)
    lines = texts.map((text) => JSON.parse(text) as Item)
    spans = itemsOf(lines, 'resourceSpans', 'scopeSpans', 'spans')
    metrics = itemsOf(lines, 'resourceMetrics', 'scopeMetrics', 'metrics')
    records = itemsOf(lines, 'resourceLogs', 'scopeLogs', 'logRecords')
    const store = new MemoryStore()
    const batches = lines.map((line, index) => {
      const signal = signalOf(line)
      const capturedAtUnixNano = BigInt(EPOCH_MILLIS + index) * 1_000_000n
      return { signal, body: requestFromJson(line, signal), capturedAtUnixNano }
    })
    await recordSession(store, 'demo', batches)
    query = await openQuery({ sessions: 'demo', store })
  })
  afterAll(() => query.close())

  function signalOf(line: Item): Signal {
    if ('resourceSpans' in line) return 'traces'
    return 'resourceMetrics' in line ? 'metrics' : 'logs'
  }

  /** The first column of all rows, or of pairs, a map. */
  async function valuesOf(sql: string): Promise<unknown[]> {
    const { rows, columns } = await query.run(sql)
    return rows.map((row) => row[columns[0].name])
  }

  async function countsOf(sql: string): Promise<Map<string, number>> {
    const { rows, columns } = await query.run(sql)
    const [key, count] = columns
    return new Map(rows.map((row) => [textOf(row[key.name]), Number(row[count.name])]))
  }

  it('has as many rows in each table as there are items', async () => {
    const expected = {
      spans: spans.length,
      span_events: listOf(
        spans.map(({ item }) => item),
        'events',
      ).length,
      span_links: listOf(
        spans.map(({ item }) => item),
        'links',
      ).length,
      metric_points: points().length,
      exemplars: listOf(
        points().map(({ item }) => item),
        'exemplars',
      ).length,
      logs: records.length,
    }
    const counted = Object.fromEntries(
      await Promise.all(
        Object.keys(expected).map(async (table) => {
          const [count] = await valuesOf(`SELECT count(*) FROM ${table}`)
          return [table, Number(count)] as const
        }),
      ),
    )
    expect(counted).toEqual(expected)
    expect(expected).toEqual({
      spans: 547,
      span_events: 139,
      span_links: 53,
      metric_points: 4551,
      exemplars: 11,
      logs: 23,
    })
  })

  it('counts spans by service', async () => {
    const sql = 'SELECT service_name, count(*) FROM spans GROUP BY 1'
    expect(await countsOf(sql)).toEqual(countBy(spans, ({ service }) => service))
  })

  it('finds the ten longest spans', async () => {
    const longest = spans.map(({ item }) => millisOf(item)).sort((a, b) => b - a)
    const sql = 'SELECT duration_millis FROM spans ORDER BY duration_millis DESC LIMIT 10'
    expect(await valuesOf(sql)).toEqual(longest.slice(0, 10))
  })

  it('finds what failed', async () => {
    const failed = spans.filter(({ item }) => (item.status as { code?: number }).code === 2)
    const sql = "SELECT span_id FROM spans WHERE status_code = 'ERROR' ORDER BY span_id"
    expect(await valuesOf(sql)).toEqual(failed.map(({ item }) => item.spanId).sort())
  })

  it('counts responses by status, whatever the attribute is called', async () => {
    const statusOf = ({ item }: Found): string | undefined => {
      const status =
        attribute(item, 'http.response.status_code') ?? attribute(item, 'http.status_code')
      return status === undefined ? undefined : String(status)
    }
    const sql = `SELECT http_response_status_code, count(*) FROM spans
      WHERE http_response_status_code IS NOT NULL GROUP BY 1`
    const expected = countBy(spans, statusOf)
    expect(expected.size).toBeGreaterThan(0)
    expect(await countsOf(sql)).toEqual(expected)
  })

  it('finds traces across services', async () => {
    const services = new Map<string, Set<string>>()
    for (const { item, service } of spans) {
      const traceId = String(item.traceId)
      services.set(traceId, (services.get(traceId) ?? new Set()).add(service))
    }
    const expected = [...services].filter(([, { size }]) => size > 2).map(([traceId]) => traceId)
    const sql = `SELECT trace_id FROM spans GROUP BY 1
      HAVING count(DISTINCT service_name) > 2 ORDER BY 1`
    expect(await valuesOf(sql)).toEqual(expected.sort())
  })

  it('joins a span to its parent', async () => {
    const parents = new Map(
      spans.map((span) => [`${String(span.item.traceId)} ${String(span.item.spanId)}`, span]),
    )
    const expected = countBy(spans, ({ item, service }) => {
      const parent = parents.get(`${String(item.traceId)} ${String(item.parentSpanId)}`)
      return parent && parent.service !== service ? `${parent.service} ${service}` : undefined
    })
    const sql = `SELECT parent.service_name || ' ' || child.service_name, count(*)
      FROM spans child JOIN spans parent
        ON child.trace_id = parent.trace_id AND child.parent_span_id = parent.span_id
      WHERE child.service_name <> parent.service_name GROUP BY 1`
    expect(await countsOf(sql)).toEqual(expected)
  })

  it('counts points by kind and temporality', async () => {
    const names = ['unspecified', 'delta', 'cumulative']
    const expected = countBy(points(), ({ metric }) => {
      if (metric.gauge) return 'gauge -'
      const kind = metric.sum ? 'sum' : 'histogram'
      const { aggregationTemporality = 0 } = metric[kind] as { aggregationTemporality?: number }
      return `${kind} ${names[aggregationTemporality]}`
    })
    const sql =
      "SELECT kind || ' ' || coalesce(temporality, '-'), count(*) FROM metric_points GROUP BY 1"
    expect(await countsOf(sql)).toEqual(expected)
  })

  it('adds up the buckets of histograms', async () => {
    const counts = points()
      .filter(({ metric }) => metric.histogram)
      .flatMap(({ item }) => (item.bucketCounts ?? []) as string[])
    const sql = "SELECT sum(list_sum(bucket_counts)) FROM metric_points WHERE kind = 'histogram'"
    const [sum] = await valuesOf(sql)
    expect(Number(sum)).toBe(counts.map(Number).reduce((total, count) => total + count, 0))
  })

  it('finds the spans that exemplars are of', async () => {
    const exemplars = listOf(
      points().map(({ item }) => item),
      'exemplars',
    )
    const sql = 'SELECT span_id FROM exemplars WHERE span_id IS NOT NULL ORDER BY span_id'
    expect(await valuesOf(sql)).toEqual(
      exemplars
        .map(({ spanId }) => spanId)
        .filter(Boolean)
        .sort(),
    )
  })

  it('finds attributes that have no column', async () => {
    const key = 'upstream_cluster'
    const expected = countBy(spans, ({ item }) => attribute(item, key) as string | undefined)
    expect(expected.size).toBeGreaterThan(0)
    const sql = `SELECT attributes['${key}'], count(*) FROM spans
      WHERE attributes['${key}'] IS NOT NULL GROUP BY 1`
    expect(await countsOf(sql)).toEqual(expected)
  })

  it('reads logs in the order of time, observed where no time is given', async () => {
    const timeOf = ({ timeUnixNano, observedTimeUnixNano }: Item): bigint =>
      BigInt(textOf(timeUnixNano ?? 0)) || BigInt(textOf(observedTimeUnixNano ?? 0))
    const bodyOf = (item: Item): unknown => (item.body as { stringValue: string }).stringValue
    const expected = records
      .map(({ item }) => item)
      .sort(
        (a, b) => Number(timeOf(a) - timeOf(b)) || (String(bodyOf(a)) < String(bodyOf(b)) ? -1 : 1),
      )
    expect(await valuesOf('SELECT body FROM logs ORDER BY time, body')).toEqual(
      expected.map(bodyOf),
    )
  })
})

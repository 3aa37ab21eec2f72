// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { SIGNALS, type Signal } from '../../../src/otlp/signal'
import { type Query, type QueryValue, openQuery } from '../../../src/query/sql/open-query'
import { MemoryStore } from '../../../src/storage/memory-store'
import { arbitraryRequestBytes } from '../../support/arbitrary-otlp'
import { decodeIndependently } from '../../support/independent-decoder'
import { EPOCH_MILLIS, recordSession } from '../../support/recording'
import { runSourcesInWorkers } from '../../support/sources-in-workers'

// Arbitrary OTLP, recorded and asked for with SQL, beside what protobufjs makes of its bytes.

const REQUESTS = 60
/** Shown with a failure, which it repeats. */
const seed = Date.now()

/** A message as protobufjs gives it. */
interface Message {
  [field: string]: unknown
}

interface Owned {
  item: Message
  resource: Message
  scope: Message
  parent: Message
}

const bodies = Object.fromEntries(
  SIGNALS.map((signal) => [
    signal,
    fc.sample(arbitraryRequestBytes(signal, { unknownFields: true }), { numRuns: REQUESTS, seed }),
  ]),
) as Record<Signal, Uint8Array[]>

function messagesIn(message: Message | undefined, field: string): Message[] {
  return (message?.[field] ?? []) as Message[]
}

function itemsOf(signal: Signal, [group, scope, list]: string[]): Owned[] {
  return bodies[signal].flatMap((body) =>
    messagesIn(decodeIndependently(signal, body), group).flatMap((resourceGroup) =>
      messagesIn(resourceGroup, scope).flatMap((scopeGroup) =>
        messagesIn(scopeGroup, list).map((item) => ({
          item,
          resource: (resourceGroup.resource ?? {}) as Message,
          scope: (scopeGroup.scope ?? {}) as Message,
          parent: item,
        })),
      ),
    ),
  )
}

function below(owned: Owned[], list: string): Owned[] {
  return owned.flatMap((owner) =>
    messagesIn(owner.item, list).map((item) => ({ ...owner, item, parent: owner.item })),
  )
}

const hex = (bytes: unknown): string => Buffer.from((bytes ?? []) as Uint8Array).toString('hex')
const orNull = (text: unknown): unknown => (text === '' || text === undefined ? null : text)
const whole = (value: unknown): bigint => BigInt((value ?? 0) as string | number)

/** Integers are numbers in spans and logs, as the SDK has them, and exact in metrics. */
function attributesOf(message: Message, isExact: boolean): Map<string, string | null> {
  const list = messagesIn(message, 'attributes').concat(messagesIn(message, 'filteredAttributes'))
  return new Map(
    list.map(({ key = '', value }) => {
      const plain = plainOf(value as Message, isExact)
      return [
        key as string,
        plain === null ? null : typeof plain === 'string' ? plain : textOf(plain),
      ]
    }),
  )
}

function textOf(plain: unknown): string {
  if (typeof plain === 'number' || typeof plain === 'boolean') return String(plain)
  return JSON.stringify(plain, (_key, member: unknown) =>
    typeof member === 'number' && !Number.isFinite(member) ? String(member) : member,
  )
}

function plainOf(value: Message | undefined, isExact: boolean): unknown {
  const [[kind, content] = []] = Object.entries(value ?? {})
  switch (kind) {
    case undefined:
      return null
    case 'intValue':
      return isExact ? content : Number(content)
    case 'doubleValue':
      return Number(content)
    case 'bytesValue':
      return Buffer.from(content as Uint8Array).toString('base64')
    case 'arrayValue':
      return messagesIn(content as Message, 'values').map((member) => plainOf(member, isExact))
    case 'kvlistValue':
      return Object.fromEntries(
        messagesIn(content as Message, 'values').map((member) => [
          member.key ?? '',
          plainOf(member.value as Message, isExact),
        ]),
      )
    default:
      return content
  }
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']
const STATUS_CODES = ['UNSET', 'OK', 'ERROR']
const TEMPORALITIES = ['unspecified', 'delta', 'cumulative']

function sourceOf({ resource, scope }: Owned, isExact: boolean): Message {
  return {
    resource_attributes: attributesOf(resource, isExact),
    scope_name: orNull(scope.name),
    scope_version: orNull(scope.version),
    scope_attributes: attributesOf(scope, isExact),
  }
}

function spanRow(owned: Owned): Message {
  const { item } = owned
  const { code = 0, message } = (item.status ?? {}) as { code?: number; message?: string }
  return {
    trace_id: hex(item.traceId),
    span_id: hex(item.spanId),
    parent_span_id: orNull(hex(item.parentSpanId)),
    trace_state: orNull(item.traceState),
    name: item.name ?? '',
    kind: KINDS[(item.kind ?? 0) as number],
    status_code: STATUS_CODES[code],
    status_message: orNull(message),
    start_time_unix_nano: whole(item.startTimeUnixNano),
    end_time_unix_nano: whole(item.endTimeUnixNano),
    event_count: messagesIn(item, 'events').length,
    link_count: messagesIn(item, 'links').length,
    dropped_attributes_count: whole(item.droppedAttributesCount),
    dropped_events_count: whole(item.droppedEventsCount),
    dropped_links_count: whole(item.droppedLinksCount),
    attributes: attributesOf(item, false),
    ...sourceOf(owned, false),
  }
}

function eventRow(owned: Owned): Message {
  const { item, parent } = owned
  return {
    trace_id: hex(parent.traceId),
    span_id: hex(parent.spanId),
    span_name: parent.name ?? '',
    name: item.name ?? '',
    time_unix_nano: whole(item.timeUnixNano),
    dropped_attributes_count: whole(item.droppedAttributesCount),
    attributes: attributesOf(item, false),
    ...sourceOf(owned, false),
  }
}

function linkRow(owned: Owned): Message {
  const { item, parent } = owned
  return {
    trace_id: hex(parent.traceId),
    span_id: hex(parent.spanId),
    linked_trace_id: hex(item.traceId),
    linked_span_id: hex(item.spanId),
    linked_trace_state: orNull(item.traceState),
    dropped_attributes_count: whole(item.droppedAttributesCount),
    attributes: attributesOf(item, false),
    ...sourceOf(owned, false),
  }
}

function logRow(owned: Owned): Message {
  const { item } = owned
  const body = plainOf(item.body as Message, false)
  return {
    time_unix_nano: whole(item.timeUnixNano),
    observed_time_unix_nano: whole(item.observedTimeUnixNano),
    severity_number: item.severityNumber ?? 0,
    severity_text: orNull(item.severityText),
    body: body === null || typeof body === 'string' ? body : textOf(body),
    event_name: orNull(item.eventName),
    trace_id: orNull(hex(item.traceId)),
    span_id: orNull(hex(item.spanId)),
    dropped_attributes_count: whole(item.droppedAttributesCount),
    attributes: attributesOf(item, false),
    ...sourceOf(owned, false),
  }
}

const double = (value: unknown): number | null => (value === undefined ? null : Number(value))
const integer = (value: unknown): bigint | null => (value === undefined ? null : whole(value))

const METRIC_KINDS = {
  gauge: 'gauge',
  sum: 'sum',
  histogram: 'histogram',
  exponentialHistogram: 'exponential_histogram',
  summary: 'summary',
} as const

function pointsOf(metrics: Owned[]): Owned[] {
  return metrics.flatMap((owned) =>
    Object.keys(METRIC_KINDS).flatMap((kind) =>
      messagesIn(owned.item[kind] as Message, 'dataPoints').map((item) => ({
        ...owned,
        item,
        parent: { ...owned.item, kind },
      })),
    ),
  )
}

function valueOf({ asDouble, asInt }: Message): Message {
  return { value: double(asDouble ?? asInt), value_int: integer(asInt) }
}

function pointRow(owned: Owned): Message {
  const { item, parent } = owned
  const kind = parent.kind as keyof typeof METRIC_KINDS
  const { aggregationTemporality = 0, isMonotonic = false } = parent[kind] as {
    aggregationTemporality?: number
    isMonotonic?: boolean
  }
  return {
    metric_name: parent.name ?? '',
    description: orNull(parent.description),
    unit: orNull(parent.unit),
    kind: METRIC_KINDS[kind],
    temporality:
      kind === 'gauge' || kind === 'summary' ? null : TEMPORALITIES[aggregationTemporality],
    is_monotonic: kind === 'sum' ? isMonotonic : null,
    start_time_unix_nano: whole(item.startTimeUnixNano),
    time_unix_nano: whole(item.timeUnixNano),
    flags: whole(item.flags),
    attributes: attributesOf(item, true),
    ...sourceOf(owned, true),
    ...valuesOf(kind, item),
  }
}

function valuesOf(kind: keyof typeof METRIC_KINDS, item: Message): Message {
  if (kind === 'gauge' || kind === 'sum') return valueOf(item)
  const { sum, min, max } = item
  if (kind === 'summary') {
    const quantiles = messagesIn(item, 'quantileValues').map(({ quantile, value }) => ({
      quantile: Number(quantile ?? 0),
      value: Number(value ?? 0),
    }))
    return { count: whole(item.count), sum: Number(sum ?? 0), quantiles }
  }
  const distribution = {
    count: whole(item.count),
    sum: double(sum),
    min: double(min),
    max: double(max),
  }
  if (kind === 'histogram') {
    return {
      ...distribution,
      bucket_bounds: ((item.explicitBounds ?? []) as unknown[]).map(Number),
      bucket_counts: ((item.bucketCounts ?? []) as unknown[]).map(whole),
    }
  }
  const { positive = {}, negative = {} } = item as { positive?: Message; negative?: Message }
  return {
    ...distribution,
    scale: item.scale ?? 0,
    zero_count: whole(item.zeroCount),
    zero_threshold: Number(item.zeroThreshold ?? 0),
    positive_offset: positive.offset ?? 0,
    positive_counts: ((positive.bucketCounts ?? []) as unknown[]).map(whole),
    negative_offset: negative.offset ?? 0,
    negative_counts: ((negative.bucketCounts ?? []) as unknown[]).map(whole),
  }
}

function exemplarRow(owned: Owned): Message {
  const { item, parent } = owned
  return {
    metric_name: parent.name ?? '',
    time_unix_nano: whole(item.timeUnixNano),
    trace_id: orNull(hex(item.traceId)),
    span_id: orNull(hex(item.spanId)),
    attributes: attributesOf(item, true),
    ...valueOf(item),
    ...sourceOf(owned, true),
  }
}

const spans = itemsOf('traces', ['resourceSpans', 'scopeSpans', 'spans'])
const points = pointsOf(itemsOf('metrics', ['resourceMetrics', 'scopeMetrics', 'metrics']))
const exemplars = points.flatMap((point) =>
  messagesIn(point.item, 'exemplars').map((item) => ({ ...point, item })),
)

const EXPECTED: Record<string, Message[]> = {
  spans: spans.map(spanRow),
  span_events: below(spans, 'events').map(eventRow),
  span_links: below(spans, 'links').map(linkRow),
  logs: itemsOf('logs', ['resourceLogs', 'scopeLogs', 'logRecords']).map(logRow),
  metric_points: points.map(pointRow),
  exemplars: exemplars.map(exemplarRow),
}

describe(`rows, of seed ${seed},`, () => {
  let query: Query

  beforeAll(async () => {
    runSourcesInWorkers()
    const store = new MemoryStore()
    const batches = SIGNALS.flatMap((signal) =>
      bodies[signal].map((body) => ({
        signal,
        body,
        capturedAtUnixNano: BigInt(EPOCH_MILLIS) * 1_000_000n,
      })),
    )
    await recordSession(store, 'arbitrary', batches)
    query = await openQuery({ sessions: 'arbitrary', store })
  })
  afterAll(() => query.close())

  it.each(Object.keys(EXPECTED))('of %s say what was recorded', async (table) => {
    const expected = EXPECTED[table]
    expect(expected.length).toBeGreaterThan(0)
    const { rows } = await query.run(`FROM ${table}`)
    // Columns that another kind of metric has are NULL in this one.
    const names = [...new Set(expected.flatMap((row) => Object.keys(row)))].sort()
    const lineOf = (row: Message): string =>
      names.map((name) => shown(row[name] ?? null)).join('\n')
    expect(rows.map(lineOf).sort()).toEqual(expected.map(lineOf).sort())
  })
})

/** A value as text, by which rows are put into an order. */
function shown(value: unknown): string {
  return JSON.stringify(value, (_name, member: QueryValue) => {
    if (member instanceof Map) return [...member].map((entry) => JSON.stringify(entry)).sort()
    if (typeof member === 'bigint') return `${String(member)}n`
    return typeof member === 'number' && !Number.isFinite(member) ? String(member) : member
  })
}

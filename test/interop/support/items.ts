// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../../../src/otlp/signal'
import { decodeIndependently } from '../../support/independent-decoder'

/**
 * Items as text, each with all that belongs to it: its ids first, its own fields, its
 * resource and scope. Two items are the same exactly if their texts are.
 */
export type Items = Readonly<Record<Signal, readonly string[]>>

/** Protobuf requests, or anything that is requests laid end to end. */
export type Requests = Readonly<Record<Signal, readonly Uint8Array[]>>

/** A message as protobufjs gives it. */
export type Message = Readonly<Record<string, unknown>>

/** The items of protobuf requests, in no order. */
export function itemsOf(requests: Requests): Items {
  return {
    traces: requests.traces.flatMap((bytes) => itemsOfRequest('traces', bytes)),
    metrics: requests.metrics.flatMap((bytes) => itemsOfRequest('metrics', bytes)),
    logs: requests.logs.flatMap((bytes) => itemsOfRequest('logs', bytes)),
  }
}

export function countItems(items: Items): Record<Signal, number> {
  return { traces: items.traces.length, metrics: items.metrics.length, logs: items.logs.length }
}

export interface Difference {
  readonly signal: Signal
  readonly missing: readonly string[]
  readonly extra: readonly string[]
}

/**
 * What is missing and what is there too much, as often as it is; nothing if the two
 * are equal. Of long lists the first few.
 */
export function differences(expected: Items, actual: Items): Difference[] {
  return SIGNALS.map((signal) => ({
    signal,
    missing: without(expected[signal], actual[signal]).slice(0, 3),
    extra: without(actual[signal], expected[signal]).slice(0, 3),
  })).filter(({ missing, extra }) => missing.length + extra.length > 0)
}

function without(items: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const other of others) counts.set(other, (counts.get(other) ?? 0) + 1)
  return items.filter((item) => {
    const count = counts.get(item) ?? 0
    counts.set(item, count - 1)
    return count < 1
  })
}

// ---- one request ------------------------------------------------------------

const LISTS = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
} as const

function itemsOfRequest(signal: Signal, bytes: Uint8Array): string[] {
  return itemsOfMessage(signal, decodeIndependently(signal, bytes))
}

/** The items of a request that is decoded already, with bytes as Buffer or hex. */
export function itemsOfMessage(signal: Signal, request: Message): string[] {
  const [resources, scopes, leaves] = LISTS[signal]
  return listOf(request, resources).flatMap((resource) =>
    listOf(resource, scopes).flatMap((scope) => {
      const around = {
        resource: resource.resource,
        resourceSchemaUrl: resource.schemaUrl,
        scope: scope.scope,
        scopeSchemaUrl: scope.schemaUrl,
      }
      return listOf(scope, leaves).flatMap((leaf) =>
        (signal === 'metrics' ? pointsOf(leaf) : [leaf]).map((item) => describe(item, around)),
      )
    }),
  )
}

const POINT_KINDS = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const

/** A metric's points, each with what is said of the metric. */
function pointsOf(metric: Message): Message[] {
  const kind = POINT_KINDS.find((known) => metric[known] !== undefined)
  if (!kind) return []
  const { dataPoints, ...aggregation } = metric[kind] as Message & { dataPoints?: Message[] }
  return (dataPoints ?? []).map((point) => ({ ...metric, [kind]: aggregation, kind, point }))
}

function describe(item: Message, around: Message): string {
  const label = [item.traceId, item.spanId, item.name].map(labelOf).join(' ')
  return `${label} ${JSON.stringify(canonical({ ...around, item }))}`
}

function labelOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex') || '-'
  return typeof value === 'string' && value !== '' ? value : '-'
}

function listOf(message: Message, field: string): readonly Message[] {
  return (message[field] ?? []) as Message[]
}

// ---- one form for what means the same ---------------------------------------

// Of these, a default is not the same as nothing.
const HAVE_PRESENCE = new Set([
  ...['stringValue', 'boolValue', 'intValue', 'doubleValue', 'bytesValue'],
  ...['arrayValue', 'kvlistValue', 'asInt', 'asDouble', 'sum', 'min', 'max', 'kind'],
  ...['gauge', 'histogram', 'exponentialHistogram', 'summary'],
])

/** Fields in one order, and those left out that say nothing. */
function canonical(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map((element) => canonical(element) ?? {})
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (value === null || typeof value !== 'object') return value
  const fields = Object.entries(value as Message)
    .map(([name, field]) => [name, canonical(field)] as const)
    .filter(([name, field]) => HAVE_PRESENCE.has(name) || !isDefault(field))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields)
}

function isDefault(value: unknown): boolean {
  if (value === undefined || value === 0 || value === '0' || value === '' || value === false) {
    return true
  }
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

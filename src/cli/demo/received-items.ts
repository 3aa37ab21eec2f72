// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { requestToJson } from '../../otlp/protobuf-to-json'
import type { Signal } from '../../otlp/signal'
import type { ReceivedRequest } from './otlp-backend'

/** A span, data point or log record, taken apart into its times and all the rest. */
export interface ReceivedItem {
  /** The item with its resource and scope, without its times. */
  readonly content: string
  /** Nanoseconds since the Unix epoch, in the order in which they stand in the item. */
  readonly times: readonly bigint[]
}

interface Json {
  readonly [name: string]: Json[] | Json | string | undefined
}

const TIME_FIELDS: ReadonlySet<string> = new Set([
  'startTimeUnixNano',
  'endTimeUnixNano',
  'timeUnixNano',
  'observedTimeUnixNano',
])

/** What requests hold, by signal. */
export function receivedItems(
  requests: readonly ReceivedRequest[],
): Record<Signal, ReceivedItem[]> {
  const items: Record<Signal, ReceivedItem[]> = { traces: [], metrics: [], logs: [] }
  for (const { signal, body } of requests) {
    // What OTLP/JSON is made of.
    const request = requestToJson(body, signal) as Json
    for (const item of itemsIn(request, signal)) items[signal].push(takenApart(item))
  }
  return items
}

const NAMES = {
  traces: { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' },
  metrics: { resources: 'resourceMetrics', scopes: 'scopeMetrics', items: 'metrics' },
  logs: { resources: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' },
} as const

/** Each item with all that stands around it. */
function* itemsIn(request: Json, signal: Signal): Generator<Json, void, undefined> {
  const names = NAMES[signal]
  for (const { [names.scopes]: scopes, ...resource } of listOf(request[names.resources])) {
    for (const { [names.items]: items, ...scope } of listOf(scopes)) {
      for (const item of listOf(items)) {
        if (signal !== 'metrics') yield { resource, scope, item }
        else for (const point of dataPointsIn(item)) yield { resource, scope, ...point }
      }
    }
  }
}

const METRIC_KINDS = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']

function* dataPointsIn(metric: Json): Generator<Json, void, undefined> {
  for (const kind of METRIC_KINDS) {
    const { [kind]: kindOfData, ...description } = metric
    if (kindOfData === undefined) continue
    // By the schema, an object.
    const { dataPoints, ...shape } = kindOfData as Json
    for (const point of listOf(dataPoints)) yield { description, kind, shape, point }
  }
}

function listOf(value: Json[string]): Json[] {
  return Array.isArray(value) ? value : []
}

function takenApart(item: Json): ReceivedItem {
  const times: bigint[] = []
  const content = JSON.stringify(item, (name, value: unknown) => {
    if (!TIME_FIELDS.has(name)) return value
    times.push(BigInt(value as string))
    // Whether there was a time is content: a time of 0 has to stay one.
    return 'time'
  })
  return { content, times }
}

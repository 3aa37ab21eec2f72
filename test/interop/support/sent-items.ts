// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { decodeIndependently } from '../../support/independent-decoder'
import type { Message, Requests } from './items'
import type { Sent } from './sender'

/**
 * What a sender would say that it has sent, read from what arrived: what its scope has,
 * which is called `sender`. Some SDKs also send metrics about themselves.
 */
export function sentOf(requests: Requests): Sent {
  const decoded = {
    traces: requests.traces.map((bytes) => decodeIndependently('traces', bytes)),
    metrics: requests.metrics.map((bytes) => decodeIndependently('metrics', bytes)),
    logs: requests.logs.map((bytes) => decodeIndependently('logs', bytes)),
  }
  const spans = itsOwn(decoded.traces, 'resourceSpans', 'scopeSpans', 'spans')
  const metrics = itsOwn(decoded.metrics, 'resourceMetrics', 'scopeMetrics', 'metrics')
  const records = itsOwn(decoded.logs, 'resourceLogs', 'scopeLogs', 'logRecords')
  return {
    spans: spans.map(({ traceId, spanId, name }) => ({
      traceId: hex(traceId),
      spanId: hex(spanId),
      name: name as string,
    })),
    points: metrics.flatMap(pointsOf),
    logs: records.map(({ body }) => (body as Message).stringValue as string),
  }
}

/** The same in one order, whatever the order it came in. */
export function inOrder(sent: Sent): Sent {
  const sort = <T>(list: readonly T[]) =>
    [...list].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  return { spans: sort(sent.spans), points: sort(sent.points), logs: sort(sent.logs) }
}

function pointsOf({ name, sum, gauge }: Message): Sent['points'] {
  return lists([(sum ?? gauge) as Message], 'dataPoints').map((point) => {
    const attribute = lists([point], 'attributes').find(({ key }) => key === 'route')
    return {
      name: name as string,
      route: (attribute?.value as Message).stringValue as string,
      value: String(Number(point.asInt ?? point.asDouble)),
    }
  })
}

function itsOwn(
  requests: readonly Message[],
  resources: string,
  scopes: string,
  items: string,
): readonly Message[] {
  const all = lists(requests, resources, scopes)
  const own = all.filter(({ scope }) => (scope as Message | undefined)?.name === 'sender')
  return lists(own, items)
}

/** All that lies at the end of a path of lists. */
function lists(messages: readonly Message[], ...path: string[]): readonly Message[] {
  return path.reduce(
    (found, field) => found.flatMap((message) => (message[field] ?? []) as Message[]),
    messages,
  )
}

function hex(bytes: unknown): string {
  return Buffer.from(bytes as Uint8Array).toString('hex')
}

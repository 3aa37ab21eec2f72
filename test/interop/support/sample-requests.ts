// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import fc from 'fast-check'
import { SIGNALS, type Signal } from '../../../src/otlp/signal'
import { arbitraryRequestBytes } from '../../support/arbitrary-otlp'
import { encodeIndependently } from '../../support/independent-decoder'
import type { Message } from './items'

export interface SampleRequest {
  readonly signal: Signal
  /** Protobuf, written by protobufjs. */
  readonly body: Uint8Array
}

const DEMO = join(__dirname, '../../../../shared/data/otel-demo.jsonl')

/** Whether there is a recording of the OpenTelemetry Demo beside the repository. */
export const hasDemo = existsSync(DEMO)

/** The lines of that recording, each an OTLP/JSON request. */
export async function demoLines(): Promise<{ signal: Signal; json: string; request: Message }[]> {
  const lines = []
  for await (const json of createInterface({ input: createReadStream(DEMO) })) {
    const request = JSON.parse(json) as Message
    const signal = SIGNALS.find((known) => FIRST_FIELD[known] in request)
    if (!signal) throw new Error(`Not a request: ${json.slice(0, 100)}`)
    lines.push({ signal, json, request })
  }
  return lines
}

const FIRST_FIELD = { traces: 'resourceSpans', metrics: 'resourceMetrics', logs: 'resourceLogs' }

/**
 * What all tests send: generated requests, the same in every run, that have every field
 * of OTLP somewhere in them, and the recording of the Demo where there is one.
 */
export async function sampleRequests(): Promise<SampleRequest[]> {
  const generated = SIGNALS.flatMap((signal) =>
    fc
      .sample(arbitraryRequestBytes(signal), { numRuns: 60, seed: 20_261_121 })
      .filter((body) => body.length > 0)
      .map((body) => ({ signal, body })),
  )
  return hasDemo ? [...generated, ...(await demoLines()).map(encodeLine)] : generated
}

/** A line as protobuf, encoded by protobufjs. */
export function encodeLine({
  signal,
  request,
}: {
  signal: Signal
  request: Message
}): SampleRequest {
  return { signal, body: encodeIndependently(signal, withBytes(request)) }
}

const HEX = new Set(['traceId', 'spanId', 'parentSpanId'])

/** OTLP/JSON has its ids in hex, where protobufjs would read base64. */
export function withBytes<T>(value: T): T {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((element: unknown) => withBytes(element)) as T
  return Object.fromEntries(
    Object.entries(value).map(([name, field]: [string, unknown]) => [
      name,
      HEX.has(name) && typeof field === 'string' ? Buffer.from(field, 'hex') : withBytes(field),
    ]),
  ) as T
}

/** Requests of all signals in turn, each with one item, at a distance from each other. */
export function datedRequests(
  firstMillis: number,
  distanceMillis: number,
  count: number,
): SampleRequest[] {
  return Array.from({ length: count }, (_, index) => {
    const signal = SIGNALS[index % SIGNALS.length]
    const timeUnixNano = `${firstMillis + index * distanceMillis}000000`
    const name = `item ${index}`
    const spanId = Buffer.from((index + 1).toString(16).padStart(16, '0'), 'hex')
    const span = { spanId, traceId: Buffer.alloc(16, 7), name }
    const requests = {
      traces: {
        resourceSpans: [
          {
            scopeSpans: [
              {
                spans: [
                  { ...span, startTimeUnixNano: timeUnixNano, endTimeUnixNano: timeUnixNano },
                ],
              },
            ],
          },
        ],
      },
      metrics: {
        resourceMetrics: [
          {
            scopeMetrics: [
              { metrics: [{ name, gauge: { dataPoints: [{ timeUnixNano, asDouble: index }] } }] },
            ],
          },
        ],
      },
      logs: {
        resourceLogs: [
          { scopeLogs: [{ logRecords: [{ timeUnixNano, body: { stringValue: name } }] }] },
        ],
      },
    }
    return { signal, body: encodeIndependently(signal, requests[signal]) }
  })
}

/** Many spans: as one request, far more than any backend takes. */
export function manySpans(requestCount: number, spansEach: number): SampleRequest[] {
  return Array.from({ length: requestCount }, (_, index) => {
    const traceId = Buffer.alloc(16)
    traceId.writeUInt32BE(index + 1)
    const spans = Array.from({ length: spansEach }, (_, position) => {
      const spanId = Buffer.alloc(8)
      spanId.writeUInt32BE(position + 1)
      return { traceId, spanId, name: `span ${position} `.padEnd(400, '…') }
    })
    const request = { resourceSpans: [{ scopeSpans: [{ spans }] }] }
    return { signal: 'traces', body: encodeIndependently('traces', request) }
  })
}

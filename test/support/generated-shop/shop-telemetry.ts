// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Attributes, HrTime, SpanContext } from '@opentelemetry/api'
import type { ReadableLogRecord, ReadableSpan, Resource } from '../../../src/otlp/sdk-types'
import { EPOCH_MILLIS } from '../recording'

const SCOPE = { name: 'generated-shop' }
// One for all: nobody changes it, and a session has some ten thousand spans.
const NOTHING: never[] = []

/** Everything that a shop has said, as an SDK hands it over; times are milliseconds of the session. */
export class ShopTelemetry {
  readonly spans: ReadableSpan[] = []
  readonly logRecords: ReadableLogRecord[] = []
  readonly #resources = new Map<string, Resource>()

  resourceOf(service: string): Resource {
    let resource = this.#resources.get(service)
    if (!resource) {
      resource = {
        attributes: { 'service.name': service, 'service.instance.id': `${service}-1` },
        asyncAttributesPending: false,
        merge: () => resourceWithout('merge'),
        getRawAttributes: () => [],
      }
      this.#resources.set(service, resource)
    }
    return resource
  }

  addSpan(span: SpanDraft): void {
    const { context, parent, failure } = span
    this.spans.push({
      name: span.name,
      kind: span.kind,
      spanContext: () => context,
      parentSpanContext: parent,
      startTime: hrTime(span.startMillis),
      endTime: hrTime(span.endMillis),
      duration: [0, 0],
      ended: true,
      status: failure === undefined ? { code: 0 } : { code: 2, message: failure },
      attributes: span.attributes,
      links: NOTHING,
      events:
        failure === undefined || !span.throws
          ? NOTHING
          : [
              {
                name: 'exception',
                time: hrTime(span.endMillis),
                attributes: { 'exception.type': 'Error', 'exception.message': failure },
              },
            ],
      resource: this.resourceOf(span.service),
      instrumentationScope: SCOPE,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    })
  }

  addLog(log: LogDraft): void {
    const time = hrTime(log.atMillis)
    this.logRecords.push({
      hrTime: time,
      hrTimeObserved: time,
      spanContext: log.context,
      severityText: log.severity,
      severityNumber: { INFO: 9, WARN: 13, ERROR: 17 }[log.severity],
      body: log.body,
      resource: this.resourceOf(log.service),
      instrumentationScope: SCOPE,
      attributes: {},
      droppedAttributesCount: 0,
    })
  }
}

export interface SpanDraft {
  service: string
  name: string
  kind: ReadableSpan['kind']
  context: SpanContext
  parent: SpanContext | undefined
  startMillis: number
  endMillis: number
  attributes: Attributes
  /** The message of the error, if it failed. */
  failure: string | undefined
  /** Whether the error came up here. */
  throws: boolean
}

export interface LogDraft {
  service: string
  severity: 'INFO' | 'WARN' | 'ERROR'
  body: string
  atMillis: number
  context?: SpanContext
}

function hrTime(millis: number): HrTime {
  const seconds = Math.floor(millis / 1_000)
  return [EPOCH_MILLIS / 1_000 + seconds, Math.round((millis - seconds * 1_000) * 1e6)]
}

function resourceWithout(method: string): never {
  throw new Error(`resources of the generated shop have no ${method}()`)
}

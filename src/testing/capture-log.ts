// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReadableLogRecord } from '../otlp/sdk-types'
import { unixNano } from '../otlp/unix-nano'
import { captureSource } from './captured-source'
import type { CapturedLog, CapturedSpan, LogFields, Relatives } from './captured-telemetry'
import { plainAttributes, plainValue } from './plain-value'

export function captureLog(record: ReadableLogRecord, relatives: Relatives): CapturedLog {
  const { severityNumber, severityText, eventName, spanContext } = record
  const fields: LogFields = {
    timeUnixNano: unixNano(record.hrTime),
    observedTimeUnixNano: unixNano(record.hrTimeObserved),
    ...(severityNumber !== undefined && { severityNumber }),
    ...(severityText !== undefined && { severityText }),
    ...(record.body !== undefined && { body: plainValue(record.body) }),
    ...(eventName !== undefined && { eventName }),
    attributes: plainAttributes(record.attributes),
    ...(spanContext && { traceId: spanContext.traceId, spanId: spanContext.spanId }),
    ...captureSource(record.resource, record.instrumentationScope),
  }
  // The constructor copies the fields onto the object, which the compiler cannot see.
  return new LogWithSpan(fields, relatives) as unknown as CapturedLog
}

class LogWithSpan {
  readonly #fields: LogFields
  readonly #relatives: Relatives

  constructor(fields: LogFields, relatives: Relatives) {
    this.#fields = fields
    this.#relatives = relatives
    Object.assign(this, fields)
  }

  get span(): CapturedSpan | undefined {
    return this.#relatives.spanOf(this.#fields)
  }

  toJSON(): object {
    const { timeUnixNano, observedTimeUnixNano, ...rest } = this.#fields
    return {
      ...rest,
      timeUnixNano: String(timeUnixNano),
      observedTimeUnixNano: String(observedTimeUnixNano),
    }
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReadableLogRecord, ReadableSpan } from '../otlp/sdk-types'

/** A span processor of SDK 2.x and 3.x, told by structure. */
export interface TestSpanProcessor {
  onStart(span: ReadableSpan): void
  onEnd(span: ReadableSpan): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

/** A log record processor of SDK 2.x and 3.x, told by structure. */
export interface TestLogRecordProcessor {
  onEmit(record: ReadableLogRecord): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

/** Who hears what the processors see. */
export interface TelemetryReceiver {
  spanStarted(span: ReadableSpan): void
  spanEnded(span: ReadableSpan): void
  logEmitted(record: ReadableLogRecord): void
}

// Both hand on at once and hold nothing back, so there is nothing to flush, and
// what was captured outlives the provider.

export function createSpanProcessor(receiver: TelemetryReceiver): TestSpanProcessor {
  return {
    onStart: (span) => receiver.spanStarted(span),
    onEnd: (span) => receiver.spanEnded(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
}

export function createLogRecordProcessor(receiver: TelemetryReceiver): TestLogRecordProcessor {
  return {
    onEmit: (record) => receiver.logEmitted(record),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
}

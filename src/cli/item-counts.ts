// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../otlp/signal'
import type { SessionMetadata } from '../session/metadata'
import { readableCount } from './readable-figures'

/** `547 spans, 4,551 data points, 23 log records`. */
export function describeItems(session: SessionMetadata): string {
  const { capturedTraces, capturedMetrics, capturedLogs } = session
  return describeCounts({ traces: capturedTraces, metrics: capturedMetrics, logs: capturedLogs })
}

export function describeCounts({ traces, metrics, logs }: Record<Signal, number>): string {
  return [
    readableCount(traces, 'span'),
    readableCount(metrics, 'data point'),
    readableCount(logs, 'log record'),
  ].join(', ')
}

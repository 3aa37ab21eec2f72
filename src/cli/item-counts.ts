// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { SessionMetadata } from '../session/metadata'
import { readableCount } from './readable-figures'

/** `547 spans, 4,551 data points, 23 log records`. */
export function describeItems(session: SessionMetadata): string {
  const { capturedTraces, capturedMetrics, capturedLogs } = session
  return [
    readableCount(capturedTraces, 'span'),
    readableCount(capturedMetrics, 'data point'),
    readableCount(capturedLogs, 'log record'),
  ].join(', ')
}

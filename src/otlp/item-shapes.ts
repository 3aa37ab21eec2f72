// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  ExponentialHistogramDataPoint,
  HistogramDataPoint,
  LogRecord,
  NumberDataPoint,
  Span,
  SummaryDataPoint,
  type MessageShape,
} from './schema'

const ITEM_SHAPES: ReadonlySet<MessageShape | undefined> = new Set([
  Span,
  LogRecord,
  NumberDataPoint,
  HistogramDataPoint,
  ExponentialHistogramDataPoint,
  SummaryDataPoint,
])

/** Whether a message is an item: a span, a metric data point or a log record. */
export function isItemShape(shape: MessageShape | undefined): boolean {
  return ITEM_SHAPES.has(shape)
}

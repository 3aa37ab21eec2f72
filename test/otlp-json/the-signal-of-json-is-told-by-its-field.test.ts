// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { detectJsonSignal } from '../../src/otlp/json-to-protobuf'

test.each([
  [{ resourceSpans: [] }, 'traces'],
  [{ resource_spans: [{}] }, 'traces'],
  [{ resourceMetrics: [] }, 'metrics'],
  [{ resource_metrics: [] }, 'metrics'],
  [{ resourceLogs: [] }, 'logs'],
  [{ resource_logs: [] }, 'logs'],
  [{ comment: 'x', resourceLogs: [] }, 'logs'],
  [{ resourceSpans: null, resourceLogs: [] }, 'logs'],
  // Whoever took one of the two would lose the other without a word.
  [{ resourceSpans: [], resourceLogs: [] }, undefined],
  [{ resourceSpans: null }, undefined],
  [{ spans: [] }, undefined],
  [{}, undefined],
  [[{ resourceSpans: [] }], undefined],
  ['resourceSpans', undefined],
  [null, undefined],
  [undefined, undefined],
  [7, undefined],
])('%j: %s', (json, signal) => {
  expect(detectJsonSignal(json)).toBe(signal)
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from './signal'

/**
 * What one exporter call or one request carried: the unit that flows through
 * capture, storage and replay. A batch is immutable; a step that changes the
 * body hands on a new one.
 */
export interface OtlpBatch {
  readonly signal: Signal
  /** A protobuf `Export{Trace,Metrics,Logs}ServiceRequest`, exactly as captured. */
  readonly body: Uint8Array
  /** When the batch reached us, in nanoseconds since the Unix epoch. */
  readonly capturedAtUnixNano: bigint
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { EncodedRequest } from '../otlp/encoded-request'
import type { Signal } from '../otlp/signal'

/** What the capturing exporters need of a capture. */
export interface BatchRecorder {
  /**
   * Records the request that `encode` makes, or drops and counts it. Never
   * throws and never waits, whatever the store and the encoding do: it runs in
   * the middle of the app's own export.
   */
  record(signal: Signal, encode: () => EncodedRequest): void
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { RequestSummary } from './summarize-request'

/** A request as it was encoded from SDK objects, with what was learnt on the way. */
export interface EncodedRequest {
  /** A protobuf `Export{Trace,Metrics,Logs}ServiceRequest`. */
  readonly body: Uint8Array
  /** What `summarizeRequest` says of the body. */
  readonly summary: RequestSummary
}

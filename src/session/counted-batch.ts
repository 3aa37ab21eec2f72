// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { OtlpBatch } from '../otlp/otlp-batch'
import type { RequestSummary } from '../otlp/summarize-request'

/** A batch with what was counted in it when it was accepted. */
export interface CountedBatch extends OtlpBatch {
  readonly summary: RequestSummary
}

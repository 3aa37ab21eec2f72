// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type ExportResult, ExportResultCode } from '../otlp/sdk-types'

interface Exporter<Batch> {
  export(batch: Batch, resultCallback: (result: ExportResult) => void): void
}

/**
 * Exports through the inner exporter, if there is one. One that throws has
 * failed: thrown past the SDK's processors, its error would become an unhandled
 * rejection.
 */
export function exportThrough<Batch>(
  inner: Exporter<Batch> | undefined,
  batch: Batch,
  resultCallback: (result: ExportResult) => void,
): void {
  if (inner === undefined) {
    resultCallback({ code: ExportResultCode.SUCCESS })
    return
  }
  try {
    inner.export(batch, resultCallback)
  } catch (error) {
    resultCallback({ code: ExportResultCode.FAILED, error: error as Error })
  }
}

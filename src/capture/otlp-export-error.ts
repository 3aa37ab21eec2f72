// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * - `Refused`: the backend answered that it does not take the batch, or not now
 * - `Unanswered`: the backend can't be reached, or did not answer in time
 * - `LimitReached`: `concurrencyLimit` exports are under way
 * - `NotEncodable`: these are not the objects that the SDK hands to an exporter
 */
export type OtlpExportErrorReason = 'Refused' | 'Unanswered' | 'LimitReached' | 'NotEncodable'

/** Why a batch did not arrive at the backend, in the `error` of an `ExportResult`. */
export class OtlpExportError extends Error {
  override readonly name = 'OtlpExportError'

  constructor(
    readonly reason: OtlpExportErrorReason,
    message: string,
    /** The backend's answer, where there was one; as in the error of the SDK's exporters. */
    readonly code?: number,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

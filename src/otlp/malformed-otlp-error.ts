// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Thrown when bytes or JSON are not an OTLP request. The bytes come from
 * outside, so this is an expected failure: whoever reads them catches it,
 * counts it and names what was lost.
 */
export class MalformedOtlpError extends Error {
  override readonly name = 'MalformedOtlpError'
  readonly code = 'MALFORMED_OTLP'

  constructor(
    message: string,
    /** Where in the request reading failed, in bytes (protobuf) from its start. */
    readonly offsetBytes?: number,
    options?: ErrorOptions,
  ) {
    super(offsetBytes === undefined ? message : `${message} (at byte ${offsetBytes})`, options)
  }
}

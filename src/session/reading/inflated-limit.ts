// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MalformedOtlpError } from '../../otlp/malformed-otlp-error'

/** Up to as many bytes, it does not matter how little they came from. */
const UNSUSPICIOUS_BYTES = 256 * 1024 * 1024
/** Telemetry that repeats itself compresses to a fiftieth; gzip can do a thousandth. */
const MAX_RATIO = 100

/**
 * What was inflated, as long as there is no more of it than telemetry can be: ten megabytes
 * hold ten gigabytes, in which whoever reads them would be for hours.
 *
 * @throws MalformedOtlpError at the limit
 */
export async function* limitInflated(
  inflated: AsyncIterable<Buffer>,
  compressedBytes: number,
): AsyncGenerator<Buffer, void, undefined> {
  const maxBytes = Math.max(UNSUSPICIOUS_BYTES, compressedBytes * MAX_RATIO)
  let bytes = 0
  for await (const chunk of inflated) {
    bytes += chunk.length
    if (bytes > maxBytes) {
      throw new MalformedOtlpError(
        `${compressedBytes} compressed bytes inflate to more than ${maxBytes}: what lies behind is not read`,
      )
    }
    yield chunk
  }
}

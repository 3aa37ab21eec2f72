// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import type { Damage } from '../session/damage'
import type { RecordedBatch } from '../session/reading/session-reader'

/** The damage that a batch is whose bytes were read, and are no OTLP. */
export function malformedBatch(batch: RecordedBatch, { message }: MalformedOtlpError): Damage {
  const { key, position, signal, itemCount } = batch
  // A batch's position is its block's offset and a little more.
  return { key, offsetBytes: position, reason: 'malformed', message, signal, itemCount }
}

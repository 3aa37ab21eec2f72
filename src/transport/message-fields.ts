// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { WireReader } from '../otlp/wire-reader'

/**
 * Calls `visit` at each field of a protobuf message; one that it does not read (false) is skipped.
 *
 * @throws MalformedOtlpError when the bytes are no message
 */
export function visitFields(message: Uint8Array, visit: (reader: WireReader) => boolean): void {
  const reader = new WireReader(message)
  while (reader.next()) if (!visit(reader)) reader.skip()
}

export function isField(reader: WireReader, field: number, wireType: number): boolean {
  return reader.field === field && reader.wireType === wireType
}

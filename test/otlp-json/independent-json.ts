// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../../src/otlp/signal'
import type { JsonObject } from '../support/arbitrary-otlp'
import { decodeIndependently } from '../support/independent-decoder'

const HEX_FIELDS = new Set(['traceId', 'spanId', 'parentSpanId'])

/**
 * What protobufjs decodes, spelled as OTLP/JSON spells it. Fields that are on
 * the wire with their default value stay.
 */
export function independentJson(signal: Signal, bytes: Uint8Array): JsonObject {
  return spelled('', decodeIndependently(signal, bytes)) as JsonObject
}

function spelled(name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return Buffer.from(value).toString(HEX_FIELDS.has(name) ? 'hex' : 'base64')
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (Array.isArray(value)) return value.map((item) => spelled(name, item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, spelled(key, item)]))
}

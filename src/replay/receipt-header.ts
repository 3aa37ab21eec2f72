// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import { parseJson } from './receipt-line'
import type { ReplayIdentity } from './replay-identity'

/** The first line of a receipt. */
export interface ReceiptHeader {
  /** ISO 8601, UTC. */
  readonly createdAt: string
  readonly replay: ReplayIdentity
  /** From which other ids are derived where the replay has a random seed. */
  readonly idSeed: string
}

const VERSION = 1

const schema = v.object({
  otelTapeReceipt: v.number(),
  createdAt: v.string(),
  replay: v.record(v.string(), v.string()),
  idSeed: v.string(),
})

/** By which a receipt is known, whatever its version. */
export const RECEIPT_START = Buffer.from('{"otelTapeReceipt":')

export function formatHeader(header: ReceiptHeader): string {
  return JSON.stringify({ otelTapeReceipt: VERSION, ...header })
}

/** The header, or what is wrong with it. */
export function parseHeader(text: string): ReceiptHeader | string {
  const result = v.safeParse(schema, parseJson(text))
  if (!result.success) return 'is no receipt of a replay'
  const { otelTapeReceipt, ...header } = result.output
  if (otelTapeReceipt === VERSION) return header
  return `was written by another version of otel-tape: it is of format ${otelTapeReceipt}, not ${VERSION}`
}

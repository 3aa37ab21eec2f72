// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { encodeCountedLogRecords } from '../../../src/otlp/encode-log-records'
import { encodeCountedMetrics } from '../../../src/otlp/encode-metrics'
import { encodeCountedSpans } from '../../../src/otlp/encode-spans'
import type { ReadableSpan } from '../../../src/otlp/sdk-types'
import { realLogRecords, realMetrics, realSpans, variantOf } from '../real-telemetry'

const DISTINCT = 100_000
const BATCH = 100
// As long as the encoder remembers keys and texts, and of two bytes a character.
const KEY_LENGTH = 64
const TEXT_LENGTH = 128
const LONG_REST = 'x'.repeat(100_000)

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Sends how many bytes more the process holds after each kind of excess, and what was encoded. */
async function main(): Promise<void> {
  const [span] = await realSpans()
  const [metrics] = await realMetrics()
  const [record] = realLogRecords()
  const encodeOrdinary = () => {
    encodeCountedSpans(manySpans(span, 0))
    encodeCountedMetrics(metrics)
    encodeCountedLogRecords([record])
  }
  // What is compiled meanwhile is not what the encoder remembers.
  for (let round = 0; round < 300; round++) encodeOrdinary()

  const ordinary = heldBytes()
  const giantBytes = encodeGiant(span)
  const afterGiant = heldBytes()
  let distinctBytes = 0
  for (let first = 0; first < DISTINCT; first += BATCH) {
    const spans = manySpans(span, first)
    distinctBytes += encodeCountedSpans(spans).body.length
    const records = spans.map(({ attributes }, index) =>
      variantOf(record, { attributes, eventName: spans[index].name }),
    )
    distinctBytes += encodeCountedLogRecords(records).body.length
  }
  const afterDistinct = heldBytes()
  process.send?.({
    giantBytes,
    distinctBytes,
    heldAfterGiant: afterGiant - ordinary,
    heldAfterDistinct: afterDistinct - ordinary,
  })
}

function encodeGiant(span: ReadableSpan): number {
  const text = 'x'.repeat(64 * 1024)
  const spans = Array.from({ length: 1_024 }, () => variantOf(span, { attributes: { text } }))
  return encodeCountedSpans(spans).body.length
}

/** Each has a key, a text and names of its own, cut out of a text that is far longer. */
function manySpans(span: ReadableSpan, first: number): ReadableSpan[] {
  return Array.from({ length: BATCH }, (_, index) => {
    const id = String(first + index).padStart(6, '0')
    const text = (textWith(id) + LONG_REST).slice(0, TEXT_LENGTH)
    const attributes = { [id.padEnd(KEY_LENGTH, 'ü')]: text, 'app.text': text }
    return variantOf(span, { name: text, attributes, events: [{ time: [1, 2], name: text }] })
  })
}

/** Differs in its middle and at its end, where texts are told apart. */
function textWith(id: string): string {
  return id.padStart(TEXT_LENGTH / 2 + 2, 'ü') + id.padStart(TEXT_LENGTH / 2 - 2, 'ü')
}

function heldBytes(): number {
  // Array buffers are given back after the collection that finds them.
  for (let round = 0; round < 4; round++) collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

void main()

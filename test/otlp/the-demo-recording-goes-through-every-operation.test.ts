// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filterServices } from '../../src/otlp/filter-services'
import { createIdRewriter } from '../../src/otlp/id-rewriter'
import { detectJsonSignal, requestFromJson } from '../../src/otlp/json-to-protobuf'
import { rewriteIds } from '../../src/otlp/rewrite-ids'
import { shiftTimes } from '../../src/otlp/shift-times'
import { shiftTimesByTrace } from '../../src/otlp/shift-times-by-trace'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import { splitRequest } from '../../src/otlp/split-request'
import { summarizeRequest } from '../../src/otlp/summarize-request'
import type { JsonObject } from '../support/arbitrary-otlp'
import { decodeIndependently } from '../support/independent-decoder'
import { itemsOf, mapScalars } from './json-request'

// A recording of the OpenTelemetry Demo that lies beside the repository, or does not.
const RECORDING = join(__dirname, '../../../shared/data/otel-demo.jsonl')
const isThere = existsSync(RECORDING)

const ITEMS = { traces: 547, metrics: 4551, logs: 23 }
const OFFSET = 7n * 24n * 3_600_000_000_000n

function readRecording(signal: Signal): Uint8Array[] {
  const lines = readFileSync(RECORDING, 'utf8').split('\n').filter(Boolean)
  return lines
    .map((line) => JSON.parse(line) as JsonObject)
    .filter((json) => detectJsonSignal(json) === signal)
    .map((json) => requestFromJson(json, signal))
}

function shifted(message: JsonObject): JsonObject {
  return mapScalars(message, (name, value) =>
    name.endsWith('UnixNano') && value !== '0' ? String(BigInt(value) + OFFSET) : value,
  )
}

const describeRecording = isThere ? describe : describe.skip
const title = isThere ? 'the demo recording, %s' : 'the demo recording (not there: skipped), %s'

describeRecording.each(SIGNALS)(title, (signal) => {
  const requests = isThere ? readRecording(signal) : []

  test('is counted in full', () => {
    const counts = requests.map((body) => summarizeRequest(body, signal).itemCount)
    expect(counts.reduce((total, count) => total + count, 0)).toBe(ITEMS[signal])
  })

  test('is shifted a week, in whichever way', () => {
    for (const body of requests) {
      const expected = shifted(decodeIndependently(signal, body))
      const plain = shiftTimes(body, signal, OFFSET)
      const byTrace = shiftTimesByTrace(body, signal, OFFSET, () => OFFSET)
      expect(decodeIndependently(signal, plain)).toEqual(expected)
      expect(Buffer.compare(plain, byTrace)).toBe(0)
    }
  })

  test('gets ids of its own, as many as it had', () => {
    const rewriter = createIdRewriter('second run')
    const before = new Set<string>()
    const after = new Set<string>()
    for (const body of requests) {
      collectIds(signal, body, before)
      collectIds(signal, rewriteIds(body, signal, rewriter), after)
    }
    expect(after.size).toBe(before.size)
    expect([...after].filter((id) => before.has(id))).toEqual([])
  })

  test('falls apart into services, and each item into exactly one', () => {
    const merged = Buffer.concat(requests)
    const { serviceNames } = summarizeRequest(merged, signal)
    const kept = serviceNames.map((name) => filterServices(merged, signal, new Set([name])))
    const { droppedItems } = filterServices(merged, signal, new Set(serviceNames))
    const total = kept.reduce((sum, { keptItems }) => sum + keptItems, droppedItems)
    expect(total).toBe(ITEMS[signal])
  })

  test('merged and split again holds the same items', () => {
    const merged = Buffer.concat(requests)
    const parts = splitRequest(merged, signal, 16_384)
    expect(parts.length).toBeGreaterThan(signal === 'logs' ? 0 : 10)
    expect(Buffer.concat(parts).equals(merged)).toBe(true)
    const items = parts.flatMap((part) => itemsOf(decodeIndependently(signal, part)))
    expect(items).toHaveLength(ITEMS[signal])
  })
})

function collectIds(signal: Signal, body: Uint8Array, ids: Set<string>): void {
  const collect = (message: unknown): void => {
    if (typeof message !== 'object' || message === null || Buffer.isBuffer(message)) return
    for (const [name, value] of Object.entries(message)) {
      const isId = /^(traceId|spanId|parentSpanId)$/.test(name) && Buffer.isBuffer(value)
      if (isId && value.some(Boolean)) ids.add(value.toString('hex'))
      else collect(value)
    }
  }
  collect(decodeIndependently(signal, body))
}

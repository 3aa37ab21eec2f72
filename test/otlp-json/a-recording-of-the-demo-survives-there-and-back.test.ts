// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import { detectJsonSignal, requestFromJson } from '../../src/otlp/json-to-protobuf'
import { requestToJson } from '../../src/otlp/protobuf-to-json'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import type { JsonObject } from '../support/arbitrary-otlp'
import { requestType } from '../support/independent-decoder'
import { independentJson } from './independent-json'

const RECORDING = join(__dirname, '../../../shared/data/otel-demo.jsonl')
const describeIfRecorded = existsSync(RECORDING) ? describe : describe.skip

describeIfRecorded('the OpenTelemetry Demo (skipped where its recording is not at hand)', () => {
  const requests = existsSync(RECORDING)
    ? readFileSync(RECORDING, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as JsonObject)
    : []

  test('is told apart by signal', () => {
    const bySignal = SIGNALS.map((signal) => requests.filter(isOf(signal)).length)
    expect(bySignal).toEqual([41, 40, 16])
  })

  test.each(SIGNALS)('%s: protobufjs finds in our bytes what the JSON says', (signal) => {
    for (const json of requests.filter(isOf(signal))) {
      const expected = canonical(requestType(signal), json)
      expect(independentJson(signal, requestFromJson(json, signal))).toEqual(expected)
    }
  })

  test.each(SIGNALS)('%s: our JSON says what the recorded JSON says', (signal) => {
    for (const json of requests.filter(isOf(signal))) {
      const expected = canonical(requestType(signal), json)
      expect(requestToJson(requestFromJson(json, signal), signal)).toEqual(expected)
    }
  })

  test.each(SIGNALS)('%s: a second way through JSON changes no byte', (signal) => {
    for (const json of requests.filter(isOf(signal))) {
      const bytes = requestFromJson(json, signal)
      const text = JSON.stringify(requestToJson(bytes, signal))
      expect(Buffer.compare(requestFromJson(JSON.parse(text), signal), bytes)).toBe(0)
    }
  })

  test('holds every item afterwards', () => {
    const counts: Record<string, number> = {}
    for (const json of requests) {
      const signal = detectJsonSignal(json) ?? 'traces'
      countLists(independentJson(signal, requestFromJson(json, signal)), counts)
    }
    expect(counts).toMatchObject({
      spans: 547,
      events: 139,
      links: 53,
      metrics: 2650,
      dataPoints: 4551,
      exemplars: 11,
      logRecords: 23,
    })
  })
})

function isOf(signal: Signal): (json: JsonObject) => boolean {
  return (json) => detectJsonSignal(json) === signal
}

// The recorded JSON without what the canonical form leaves out: defaults of
// fields that are in no oneof, and empty lists.
function canonical(type: protobuf.Type, json: JsonObject): JsonObject {
  const entries = Object.entries(json).flatMap(([name, value]): [string, unknown][] => {
    const field = type.fields[name]
    if (field === undefined) throw new Error(`${type.fullName} has no field ${name}`)
    const { resolvedType } = field.resolve()
    const isMessage = resolvedType instanceof protobuf.Type
    const items = (Array.isArray(value) ? value : [value]) as unknown[]
    const kept = isMessage
      ? items.map((item) => canonical(resolvedType, item as JsonObject))
      : items
    if (field.repeated) return kept.length > 0 ? [[name, kept]] : []
    const isDefault = ['', '0', 0, false].includes(value as string)
    return isDefault && !field.partOf ? [] : [[name, kept[0]]]
  })
  return Object.fromEntries(entries)
}

function countLists(value: unknown, counts: Record<string, number>): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, item] of Object.entries(value)) {
    if (Array.isArray(item)) counts[name] = (counts[name] ?? 0) + item.length
    countLists(item, counts)
  }
}

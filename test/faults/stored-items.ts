// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { gunzipSync } from 'node:zlib'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import { decodeIndependently } from '../support/independent-decoder'

export type Names = Record<Signal, string[]>

/**
 * The names of all items in segments, sorted, each as often as it is there: found
 * by gunzip and protobufjs, with nothing of ours in between.
 */
export function namesIn(segments: Iterable<readonly [key: string, body: Buffer]>): Names {
  const names: Names = { traces: [], metrics: [], logs: [] }
  for (const [key, body] of segments) {
    const signal = SIGNALS.find((known) => key.includes(`/${known}-`))
    if (!key.includes('/raw/') || signal === undefined) continue
    names[signal].push(...itemNamesIn(signal, gunzipSync(body)))
  }
  for (const signal of SIGNALS) names[signal].sort()
  return names
}

/** The names of the items in one request: of spans, of points (an attribute), of logs (the body). */
export function itemNamesIn(signal: Signal, request: Uint8Array): string[] {
  const names: string[] = []
  const pattern = NAMES[signal]
  visit(decodeIndependently(signal, request), (key, value) => {
    const matches = (key === 'name' || key === 'stringValue') && pattern.test(value)
    if (matches) names.push(value)
  })
  return names
}

const NAMES: Readonly<Record<Signal, RegExp>> = {
  traces: /^span-/,
  metrics: /^point-/,
  logs: /^log-/,
}

function visit(node: unknown, onText: (key: string, value: string) => void): void {
  if (typeof node !== 'object' || node === null || Buffer.isBuffer(node)) return
  for (const [key, value] of Object.entries(node)) {
    if (typeof value === 'string') onText(key, value)
    else visit(value, onText)
  }
}

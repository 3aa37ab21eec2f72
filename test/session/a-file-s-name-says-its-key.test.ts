// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { SIGNALS } from '../../src/otlp/signal'
import {
  byArrival,
  kindOfFile,
  segmentFileOf,
  segmentOfFile,
} from '../../src/session/on-disk/segment-file'
import { segmentKey } from '../../src/session/session-keys'

const KINDS = ['spooled', 'noted', 'temporary'] as const
const signals = fc.constantFrom(...SIGNALS)
const millis = fc.integer({ min: 0, max: 8.64e15 })

test('there and back, for any time', () => {
  fc.assert(
    fc.property(signals, millis, fc.constantFrom(...KINDS), (signal, arrivalMillis, kind) => {
      const key = segmentKey('s', signal, arrivalMillis)
      const name = segmentFileOf(key, kind)
      expect(kindOfFile(name)).toBe(kind)
      expect(segmentOfFile(name, 's')).toEqual({ key, signal })
    }),
  )
})

test('whatever the name, its key lies in the session', () => {
  const uuid = '0af76519-16cd-43dd-8448-eb211c80319c'
  const piece = fc.constantFrom('..', '/', '\0', 'logs', '-', '123', uuid, '.otlp.gz', '.sent', 'ü')
  const odd = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(fc.oneof(odd, fc.string()), (name) => {
      const segment = segmentOfFile(name, 's')
      if (segment === undefined) return
      expect(segment.key).toMatch(
        /^sessions\/s\/raw\/[-+\d]+\/\d\d\/[a-z]+-\d+-[-0-9a-f]{36}\.otlp\.gz$/,
      )
    }),
    { numRuns: 1_000 },
  )
})

test.each([
  'traces.otlp.gz',
  'notes.txt',
  'logs-9999999999999999-0af76519-16cd-43dd-8448-eb211c80319c.otlp.gz',
  'logs-1-0af76519-16cd-43dd-8448-eb211c80319c.otlp.gz.bak',
  '../logs-1-0af76519-16cd-43dd-8448-eb211c80319c.otlp.gz',
])('%s is none of ours', (name) => {
  expect(kindOfFile(name)).toBeUndefined()
})

test('the oldest comes first, whatever its signal', () => {
  const at = (signal: (typeof SIGNALS)[number], arrivalMillis: number): string =>
    segmentFileOf(segmentKey('s', signal, arrivalMillis), 'spooled')
  const [a, b, c] = [at('traces', 999), at('logs', 1_000), at('metrics', 20_000)]
  expect([c, b, a].sort(byArrival)).toEqual([a, b, c])
})

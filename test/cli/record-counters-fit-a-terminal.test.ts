// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { counterLine, liveCounters } from '../../src/cli/live-counters'
import type { ReceiverStatus } from '../../src/receive/receiver'
import { makeReceiverStatus } from './record-status'
import { anyCodePoint } from '../support/any-code-point'

const WIDE = { columns: 100, rows: 50 }
const received = {
  traces: { requests: 3, items: 1_234, bytes: 250_000 },
  metrics: { requests: 0, items: 0, bytes: 0 },
  logs: { requests: 1, items: 7, bytes: 900 },
}
const forwarding = {
  targetEndpoint: 'http://backend:4318',
  sentItems: 1_000,
  missedItems: { traces: 5, metrics: 0, logs: 2 },
  waitingBytes: 2_500,
  lastFailure: 'connect ECONNREFUSED',
}

const SHOWN: [what: string, status: Partial<ReceiverStatus>, line: string][] = [
  ['what came', { received }, 'traces   1,234         3    250 kB'],
  ['what came little', { received }, 'logs         7         1     900 B'],
  ['what did not come', { received }, 'metrics      0         0       0 B'],
  ['the session', {}, 'tape: store ok, 0 B stored'],
  [
    'how many sessions there are beside it',
    { openSessions: ['tape', 'a', 'b'] },
    'tape and 2 sessions more: store ok, 0 B stored',
  ],
  [
    'what waits for a store that is down',
    {
      storage: { state: 'down', waitingBytes: 3_400, storedBytes: 12, lastFailure: 'it is\nfull' },
    },
    'tape: store down (it is full), 12 B stored, 3.4 kB waiting',
  ],
  [
    'refusals of both protocols, and rejections',
    {
      refusedRequests: new Map<number | string, number>([
        [503, 12],
        ['RESOURCE_EXHAUSTED', 1],
      ]),
      rejectedItems: 2,
    },
    'refused: 12 × 503, 1 × RESOURCE_EXHAUSTED, 2 items rejected',
  ],
  [
    'what the other backend got and missed',
    { forwarding },
    'forwarding to http://backend:4318: 1,000 items sent, 7 missed, 2.5 kB waiting, last failure: connect ECONNREFUSED',
  ],
]

describe('live counters', () => {
  test.each(SHOWN)('show %s', (_what, status, line) => {
    expect(liveCounters(makeReceiverStatus(status), { ...WIDE, columns: 140 })).toContain(line)
  })

  test('show the ten services that sent the most', () => {
    const itemsByService = new Map(
      Array.from({ length: 12 }, (_, index) => [`service-${index}`, index + 1]),
    )
    const lines = liveCounters(makeReceiverStatus({ itemsByService }), WIDE)
    expect(lines.slice(lines.indexOf('SERVICE     ITEMS'))).toEqual([
      'SERVICE     ITEMS',
      ...Array.from(
        { length: 10 },
        (_, n) => `${`service-${11 - n}`.padEnd(10)}  ${String(12 - n).padStart(5)}`,
      ),
      'and 2 services more',
    ])
  })

  test('are no way to write to a terminal', () => {
    const itemsByService = new Map([['\u001b]0;renamed\u0007\u001b[2Jshop\n\nfake line', 1]])
    const text = liveCounters(makeReceiverStatus({ itemsByService }), WIDE).join('|')
    expect(text).toContain('| ]0;renamed [2Jshop fake line')
    expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
  })

  test('cut what is too wide, also where characters take two columns', () => {
    const itemsByService = new Map([['支払い'.repeat(40), 5]])
    const [line] = liveCounters(makeReceiverStatus({ itemsByService }), {
      ...WIDE,
      columns: 30,
    }).slice(-1)
    expect(line).toBe(`${'支払い'.repeat(4)}支払…`)
  })

  test('fit into any terminal, whatever the status is', () => {
    const status = fc.record({
      itemsByService: fc
        .array(fc.tuple(fc.string({ unit: anyCodePoint, maxLength: 80 }), fc.nat()))
        .map((entries) => new Map(entries)),
      openSessions: fc.array(fc.string()),
      rejectedItems: fc.nat(),
      forwarding: fc.constantFrom(undefined, forwarding),
    })
    const area = fc.record({
      columns: fc.integer({ min: 2, max: 200 }),
      rows: fc.integer({ min: 1, max: 60 }),
    })
    fc.assert(
      fc.property(status, area, (changes, { columns, rows }) => {
        const lines = liveCounters(makeReceiverStatus(changes), { columns, rows })
        expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1))
        for (const line of lines) {
          expect([...line].length).toBeLessThan(columns)
          expect(line).not.toMatch(/[\n\r\u001b]/)
        }
      }),
    )
  })

  test('make one line for a log', () => {
    const refusedRequests = new Map([[503, 2]])
    expect(counterLine(makeReceiverStatus({ received, refusedRequests }))).toBe(
      'received traces 1,234 (250 kB), metrics 0 (0 B), logs 7 (900 B); store ok, 0 B stored; refused: 2 × 503',
    )
  })
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  arrivalWithin,
  parseCollectorName,
  parsePartition,
} from '../../src/session/reading/collector-layout'

const HOUR = { startMillis: Date.UTC(2026, 10, 21, 11), endMillis: Date.UTC(2026, 10, 21, 12) }
const MINUTE = 60_000

test.each<[string, string, number]>([
  ['year=2026/month=11/day=21/hour=11/minute=30/', '2026-11-21T11:30:00Z', MINUTE],
  ['year=2026/month=11/day=21/hour=11/', '2026-11-21T11:00:00Z', 60 * MINUTE],
  ['2026-11-21/11/', '2026-11-21T11:00:00Z', 60 * MINUTE],
  ['2026/11/21/1130/', '2026-11-21T11:30:00Z', MINUTE],
  ['20261121/113059/', '2026-11-21T11:30:59Z', 1_000],
  ['dt=2026-11-21/hr=11/', '2026-11-21T11:00:00Z', 60 * MINUTE],
  ['2026-02/', '2026-02-01T00:00:00Z', 28 * 24 * 60 * MINUTE],
  ['year=2026/month=12/', '2026-12-01T00:00:00Z', 31 * 24 * 60 * MINUTE],
  ['v2/2026-11-21/', '2026-11-21T00:00:00Z', 24 * 60 * MINUTE],
  ['reports-2025-01/year=2026/month=11/day=21/', '2026-11-21T00:00:00Z', 24 * 60 * MINUTE],
])('%s', (folders, start, lengthMillis) => {
  const startMillis = Date.parse(start)
  expect(parsePartition(folders)).toEqual({ startMillis, endMillis: startMillis + lengthMillis })
})

test.each(['', 'p/', 'year=2026/', '2026/', '2026/13/', '2026-02-31/', '21-11-2026/', '12026-11/'])(
  "'%s' tells no time",
  (folders) => {
    expect(parsePartition(folders)).toBeUndefined()
  },
)

test.each<[string, string | undefined]>([
  ['p/traces_123456789.json', 'traces'],
  ['p/logs_012345678.binpb.gz', 'logs'],
  ['p/app-metrics_01a1fdc4-0d85-7db1-bcd9-e88d2234172d.otlp.zst', 'metrics'],
  ['p/logs-of-traces_123456789.json', 'traces'],
  ['p/traces_of_yesterday.json', undefined],
  ['p/traces.json', undefined],
  ['traces_123456789/photo.jpg', undefined],
])('%s is named for %s', (key, signal) => {
  expect(parseCollectorName(key)).toBe(signal)
})

test.each<[string, number | undefined, number, number]>([
  ['its last item is from within', 10 * MINUTE, -1e10, 10 * MINUTE],
  ['its last item waited to be sent', -4 * MINUTE, -1e10, -4 * MINUTE],
  ["an app's clock is ahead", 64 * MINUTE, -1e10, 64 * MINUTE],
  ['its last item is older', -6 * MINUTE, 20 * MINUTE, 20 * MINUTE],
  ['its last item is older, and it is a copy', -6 * MINUTE, 1e10, 0],
  ['no item has a time', undefined, 20 * MINUTE, 20 * MINUTE],
  ['no item has a time, and it is a copy', undefined, 1e10, 0],
])('a request arrives, if %s', (_, item, stored, arrival) => {
  const at = (millis: number): bigint => BigInt(HOUR.startMillis + millis) * 1_000_000n
  const lastItem = item === undefined ? undefined : at(item)
  const found = arrivalWithin(HOUR, lastItem, new Date(HOUR.startMillis + stored))
  expect(found).toBe(at(arrival))
})

test('without a partition the last item says it, else when the object was stored', () => {
  expect(arrivalWithin(undefined, 7n, new Date(5))).toBe(7n)
  expect(arrivalWithin(undefined, undefined, new Date(5))).toBe(5_000_000n)
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as fc from 'fast-check'
import { recentSpans } from '../../src/query/recent-spans'
import { decodeSpans } from '../../src/otlp/decode-spans'
import { unixNano } from '../../src/otlp/unix-nano'
import { FileStore } from '../../src/storage/file-store'
import { MemoryStore } from '../../src/storage/memory-store'
import type { ObjectStore } from '../../src/storage/object-store'
import { createWriter, makeBatch, readAll, recordSession } from '../support/recording'
import { overrideStore } from '../support/stores/override-store'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const START_MILLIS = Date.UTC(2026, 0, 2, 3, 4, 5)
const HOUR_MILLIS = 3_600_000

/** A batch that arrived at that time, and the spans of which ended then. */
function batchAt(millis: number, ...names: string[]) {
  return makeBatch('traces', { names, atMillis: millis })
}

afterEach(() => jest.useRealTimers())

test('a span is told as it was recorded', async () => {
  const store = new MemoryStore()
  await recordSession(store, 'one', [batchAt(START_MILLIS, 'GET /cart')])
  const nanos = BigInt(START_MILLIS) * 1_000_000n
  expect(await recentSpans('one', 5, { store })).toEqual([
    {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: '0000000000000001',
      name: 'GET /cart',
      kind: 'UNSPECIFIED',
      serviceName: 'checkout',
      startTimeUnixNano: nanos,
      endTimeUnixNano: nanos + 5_000_000n,
      durationNanos: 5_000_000n,
      status: { code: 'UNSET' },
      attributes: {},
      events: [],
    },
  ])
})

test('whatever writers and segments they lie in, they are those that arrived last', async () => {
  const batch = fc.record({
    atMinutes: fc.integer({ min: 0, max: 300 }),
    names: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 }),
    writer: fc.nat({ max: 2 }),
    isFlushed: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 12 }),
      async (batches, limit) => {
        const store = new MemoryStore()
        const writers = [0, 1, 2].map(() => createWriter(store, 'many'))
        for (const { atMinutes, names, writer, isFlushed } of batches) {
          writers[writer].write(batchAt(START_MILLIS + atMinutes * 60_000, ...names))
          if (isFlushed) await writers[writer].flush(AbortSignal.timeout(5_000))
        }
        for (const writer of writers) await writer.close(AbortSignal.timeout(5_000))
        const all = (await readAll({ store, sessionId: 'many' })).flatMap(({ body }) =>
          decodeSpans(body),
        )
        const ends = all.map(({ endTime }) => unixNano(endTime)).sort((a, b) => (a < b ? 1 : -1))
        const recent = await recentSpans('many', limit, { store })
        expect(recent.map(({ endTimeUnixNano }) => endTimeUnixNano)).toEqual(ends.slice(0, limit))
      },
    ),
    { numRuns: 40 },
  )
})

test('of a long session only the last objects are read', async () => {
  jest.useFakeTimers({
    doNotFake: [
      'setTimeout',
      'setInterval',
      'clearTimeout',
      'clearInterval',
      'setImmediate',
      'nextTick',
      'queueMicrotask',
    ],
  })
  const inner = new MemoryStore()
  const writer = createWriter(inner, 'long')
  for (let hour = 0; hour < 30; hour++) {
    const millis = START_MILLIS + hour * HOUR_MILLIS
    jest.setSystemTime(millis + 1_000)
    writer.write(batchAt(millis, `first of ${hour}`, `second of ${hour}`))
    writer.write(makeBatch('logs', { names: ['a log'], atMillis: millis }))
    await writer.flush(AbortSignal.timeout(5_000))
  }
  const { read, asked } = watched(inner)
  const names = (await recentSpans('long', 3, { store: read })).map(({ name }) => name)
  await writer.close(AbortSignal.timeout(5_000))
  expect(names).toEqual(['first of 29', 'second of 29', 'first of 28'])
  // Twice each: the headers first, then the blocks that are wanted.
  expect(asked.sort()).toEqual([
    ...Array<string>(2).fill('2026-01-03/07'),
    ...Array<string>(2).fill('2026-01-03/08'),
  ])
})

/** The store, and the hours of the segments that were read. */
function watched(store: ObjectStore): { read: ObjectStore; asked: string[] } {
  const asked: string[] = []
  const read = overrideStore(store, {
    read: (key, options) => {
      asked.push(key.split('/').slice(3, 5).join('/'))
      return store.read(key, options)
    },
  })
  return { read, asked }
}

test('a session that is being recorded is asked by what is stored of it', async () => {
  const store = new MemoryStore()
  const writer = createWriter(store, 'live')
  writer.write(batchAt(START_MILLIS, 'stored'))
  await writer.flush(AbortSignal.timeout(5_000))
  writer.write(batchAt(START_MILLIS + 1_000, 'waiting'))
  expect((await recentSpans('live', 10, { store })).map(({ name }) => name)).toEqual(['stored'])
  await writer.flush(AbortSignal.timeout(5_000))
  expect((await recentSpans('live', 10, { store })).map(({ name }) => name)).toEqual([
    'waiting',
    'stored',
  ])
  await writer.close(AbortSignal.timeout(5_000))
})

test('what cannot be read is reported, and the others are told', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-recent-'))
  const store = new FileStore(folder)
  try {
    await recordSession(store, 'damaged', [batchAt(START_MILLIS, 'good')])
    await store.put(
      'sessions/damaged/raw/2026-01-02/03/traces-1767323045001-broken.otlp.gz',
      Buffer.from('no gzip at all'),
    )
    const damage: string[] = []
    const spans = await recentSpans('damaged', 10, {
      store: `file:${folder}`,
      onDamage: ({ key }) => damage.push(key),
    })
    expect(spans.map(({ name }) => name)).toEqual(['good'])
    expect(damage).toEqual([expect.stringContaining('broken')])
  } finally {
    await store.close()
    await rm(folder, { recursive: true })
  }
})

test.each([
  ['a session that is not there', 'nothing', 1, {}, 'SessionNotFound', /nothing/],
  ['an id that is none', '../etc', 1, {}, 'InvalidConfig', /etc/],
  ['a limit of 0', 'one', 0, {}, 'InvalidConfig', /'limit'.*from 1 to 10000, got 0/],
  ['a limit past the largest', 'one', 10_001, {}, 'InvalidConfig', /10001/],
  ['an option that is none', 'one', 1, { limits: 1 }, 'InvalidConfig', /'limits'/],
])('%s is refused', async (_, sessionId, limit, options, reason, message) => {
  const asked = recentSpans(sessionId, limit, { store: new MemoryStore(), ...options })
  await expect(asked).rejects.toMatchObject({
    name: 'QueryError',
    reason,
    message: expect.stringMatching(message) as unknown,
  })
})

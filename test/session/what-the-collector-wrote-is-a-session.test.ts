// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as zlib from 'node:zlib'
import fc from 'fast-check'
import { requestToJson } from '../../src/otlp/protobuf-to-json'
import { SIGNALS, type Signal } from '../../src/otlp/signal'
import { loadSession } from '../../src/session/catalogue'
import type { Damage } from '../../src/session/damage'
import { surveySession } from '../../src/session/reading/survey'
import { MemoryStore } from '../../src/storage/memory-store'
import { makeBatch, readAll } from '../support/recording'
import {
  type CollectorObject,
  PARTITION_FORMATS,
  PARTITION_MILLIS,
  putCollectorObject,
} from './collector-objects'

const MINUTE = 60_000

async function read(
  store: MemoryStore,
  sessionId = 'p',
): Promise<{ names: string[]; arrivals: number[]; damage: Damage[] }> {
  const damage: Damage[] = []
  const batches = await readAll({ store, sessionId, onDamage: (piece) => damage.push(piece) })
  return {
    names: batches.map(({ body, signal }) => JSON.stringify(requestToJson(body, signal))),
    arrivals: batches.map(({ capturedAtUnixNano }) => Number(capturedAtUnixNano / 1_000_000n)),
    damage,
  }
}

const variants = (['otlp_proto', 'otlp_json'] as const).flatMap((marshaler) =>
  (['none', 'gzip'] as const).flatMap((compression) =>
    Object.values(PARTITION_FORMATS).map(
      (partitionFormat) => [marshaler, compression, partitionFormat] as const,
    ),
  ),
)

test.each(variants)('%s, compression %s, partitions %s', async (...variant) => {
  const [marshaler, compression, partitionFormat] = variant
  const store = new MemoryStore()
  const object = { marshaler, compression, partitionFormat }
  // By name logs come first, by time traces do.
  for (const [index, signal] of [...SIGNALS].entries()) {
    const atMillis = PARTITION_MILLIS + index * 1000
    await putCollectorObject(store, { ...object, signal, names: ['a', 'b'], atMillis })
  }
  const { arrivals, damage } = await read(store)
  expect(damage).toEqual([])
  // A span arrives when it ended.
  expect(arrivals).toEqual([5, 1000, 2000].map((millis) => PARTITION_MILLIS + millis))
  expect(await loadSession(store, 'p', { layout: 'awss3' })).toMatchObject({
    sessionId: 'p',
    status: 'completed',
    createdBy: 'unknown',
    layout: 'awss3',
    s3Prefix: 'p/',
    capturedTraces: 2,
    capturedMetrics: 2,
    capturedLogs: 2,
  })
  expect(await surveySession({ store, sessionId: 'p' })).toMatchObject({ itemCount: 6 })
})

test.each<[string, string, Partial<CollectorObject>]>([
  ['a prefix of several folders', 'team-a/p', { prefix: 'team-a/p' }],
  ['a folder with prefixes in it', 'team-a', { prefix: 'team-a/p' }],
  ['the store itself', '.', { prefix: '' }],
  ['all that is in a store', '.', { prefix: 'p' }],
  ['a prefix that holds digits', 'x-2020/11', { prefix: 'x-2020/11' }],
  ['a file prefix', 'p', { filePrefix: 'logs-of-' }],
  ['an extension of their own', 'p', { suffix: '.otlp' }],
  ['no partition at all', 'p', { partitionFormat: 'all' }],
])('%s', async (_, sessionId, object) => {
  const store = new MemoryStore()
  await putCollectorObject(store, { signal: 'traces', names: ['a'], ...object })
  const { arrivals, damage } = await read(store, sessionId)
  expect(damage).toEqual([])
  expect(arrivals).toEqual([PARTITION_MILLIS + 5])
})

test('an object with several requests gives each of them, by its time', async () => {
  const store = new MemoryStore()
  const line = (atMillis: number): string =>
    JSON.stringify(requestToJson(makeBatch('logs', { names: ['a'], atMillis }).body, 'logs'))
  const times = [30_000, 10_000, 20_000].map((millis) => PARTITION_MILLIS + millis)
  const content = Buffer.from(times.map(line).join('\n'))
  await putCollectorObject(store, { signal: 'logs', names: [], content, suffix: '.json' })
  expect((await read(store)).arrivals).toEqual([...times].sort())
})

test.each<[string, Partial<CollectorObject>, Partial<Damage>]>([
  ['an unknown format', { suffix: '.parquet', content: Buffer.from('PAR1…') }, {}],
  [
    'gzip that is cut off',
    { content: Buffer.from('1f8b0800', 'hex') },
    { reason: 'decompression' },
  ],
  ['nothing', { content: Buffer.alloc(0) }, { reason: 'truncated' }],
  ['logs under the name of traces', { content: makeBatch('logs', { names: ['a'] }).body }, {}],
])('%s is reported once, and the rest is read', async (_, object, expected) => {
  const store = new MemoryStore()
  const key = await putCollectorObject(store, { signal: 'traces', names: [], ...object })
  await putCollectorObject(store, { signal: 'logs', names: ['a'] })
  const { arrivals, damage } = await read(store)
  expect(arrivals).toHaveLength(1)
  expect(damage).toEqual([expect.objectContaining({ key, signal: 'traces', ...expected })])
})

/** Of one span, as the Collector's exporter (0.144) wrote it at 2026-11-21T11:00:46Z. */
const ZSTD_OBJECT = Buffer.from(
  'KLUv/QQA4QIACloSOhI2egBBQBlV5WgK6hg5AM4I5WgK6hgqAnMxIgASCAAAAAAAAAACChAK92UZFs1D3YRI6yEc' +
    'gDGcCgAKHAoaEgoKCGNoZWNrb3V0CgxzZXJ2aWNlLm5hbWWJwiK6',
  'base64',
)

test('zstd is read where the runtime has it, else reported', async () => {
  const store = new MemoryStore()
  const key = await putCollectorObject(store, {
    signal: 'traces',
    names: [],
    atMillis: Date.UTC(2026, 10, 21, 11),
    content: ZSTD_OBJECT,
    suffix: '.binpb.zst',
  })
  const { arrivals, damage } = await read(store)
  if ('zstdDecompressSync' in zlib) {
    expect(arrivals).toHaveLength(1)
    expect(damage).toEqual([])
  } else {
    expect(damage).toEqual([
      expect.objectContaining({ key, message: expect.stringMatching('zstd') as unknown }),
    ])
  }
})

test('what was uploaded late arrives at its own time, also across partitions', async () => {
  const store = new MemoryStore()
  const put = (name: string, at: number, uploadedAt: number): Promise<string> =>
    putCollectorObject(store, {
      signal: 'logs',
      names: [name],
      atMillis: PARTITION_MILLIS + at,
      uploadedAtMillis: PARTITION_MILLIS + uploadedAt,
    })
  await put('late', 10_000, 4 * MINUTE)
  await put('first', 0, 0)
  await put('next', 20_000, 20_000)
  await put('much too late', 0, 60 * MINUTE)
  const { arrivals } = await read(store)
  expect(arrivals.map((arrival) => arrival - PARTITION_MILLIS)).toEqual([
    0,
    10_000,
    20_000,
    60 * MINUTE,
  ])
})

test('whatever exporters write side by side comes by its time, and all of it', async () => {
  const objectOf = fc.record({
    signal: fc.constantFrom<Signal>(...SIGNALS),
    atMillis: fc.integer({ min: 0, max: 400 }).map((step) => PARTITION_MILLIS + step * 30_000),
    prefix: fc.constantFrom('p', 'p/a', 'p/b'),
    partitionFormat: fc.constantFrom(...Object.values(PARTITION_FORMATS), '%Y-%m-%d'),
    delay: fc.integer({ min: 0, max: 4 * MINUTE }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(objectOf, { minLength: 1, maxLength: 30 }), async (objects) => {
      const store = new MemoryStore()
      for (const { delay, ...object } of objects) {
        const uploadedAtMillis = object.atMillis + delay
        await putCollectorObject(store, { ...object, names: ['a'], uploadedAtMillis })
      }
      const { arrivals, damage } = await read(store)
      expect(damage).toEqual([])
      const made = objects.map(({ atMillis, signal }) => atMillis + (signal === 'traces' ? 5 : 0))
      expect(arrivals).toEqual(made.sort((a, b) => a - b))
    }),
    { numRuns: 50 },
  )
})

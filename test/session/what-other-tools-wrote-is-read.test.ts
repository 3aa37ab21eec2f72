// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { gzipSync } from 'node:zlib'
import { requestFromJson } from '../../src/otlp/json-to-protobuf'
import { requestToJson } from '../../src/otlp/protobuf-to-json'
import type { Signal } from '../../src/otlp/signal'
import { loadSession } from '../../src/session/catalogue'
import type { Damage } from '../../src/session/damage'
import { surveySession } from '../../src/session/reading/survey'
import { MemoryStore } from '../../src/storage/memory-store'
import { makeBatch, readAll } from '../support/recording'

const PARTITION = 'year=2026/month=03/day=04/hour=05/minute=06'
const ARRIVAL = BigInt(Date.UTC(2026, 2, 4, 5, 6)) * 1_000_000n

function json(signal: Signal, ...names: string[]): string {
  return JSON.stringify(requestToJson(makeBatch(signal, { names }).body, signal))
}

function protobuf(signal: Signal, ...names: string[]): Buffer {
  return Buffer.from(makeBatch(signal, { names }).body)
}

async function readObject(
  name: string,
  content: Buffer | string,
): Promise<{
  items: number
  signals: string[]
  arrivals: bigint[]
  damage: Damage[]
}> {
  const store = new MemoryStore()
  await store.put(`sessions/foreign/raw/${name}`, Buffer.from(content))
  const damage: Damage[] = []
  const batches = await readAll({
    store,
    sessionId: 'foreign',
    onDamage: (piece) => damage.push(piece),
  })
  return {
    items: batches.reduce((sum, { itemCount }) => sum + itemCount, 0),
    signals: batches.map(({ signal }) => signal),
    arrivals: batches.map(({ capturedAtUnixNano }) => capturedAtUnixNano),
    damage,
  }
}

test.each<[string, string, Buffer | string, Signal, number]>([
  ['protobuf', `${PARTITION}/traces_1.binpb`, protobuf('traces', 'a', 'b'), 'traces', 2],
  ['protobuf in gzip', `${PARTITION}/logs_1.binpb.gz`, gzipSync(protobuf('logs', 'a')), 'logs', 1],
  ['JSON', `${PARTITION}/metrics_1.json`, json('metrics', 'a', 'b', 'c'), 'metrics', 3],
  ['JSON in gzip', `${PARTITION}/logs_1.json.gz`, gzipSync(json('logs', 'a')), 'logs', 1],
  [
    'JSON in gzip without saying so',
    `${PARTITION}/logs_1.json`,
    gzipSync(json('logs', 'a')),
    'logs',
    1,
  ],
  [
    'JSON lines',
    `${PARTITION}/traces.jsonl`,
    `${json('traces', 'a')}\n${json('traces', 'b')}\n`,
    'traces',
    2,
  ],
  [
    'JSON over many lines',
    `${PARTITION}/traces.json`,
    JSON.stringify(JSON.parse(json('traces', 'a')), null, 2),
    'traces',
    1,
  ],
  [
    'requests end to end',
    `${PARTITION}/traces.pb`,
    Buffer.concat([protobuf('traces', 'a'), protobuf('traces', 'b')]),
    'traces',
    2,
  ],
  [
    'gzip members end to end',
    `${PARTITION}/traces.pb.gz`,
    Buffer.concat([gzipSync(protobuf('traces', 'a')), gzipSync(protobuf('traces', 'b'))]),
    'traces',
    2,
  ],
  ['a name that says no signal', `${PARTITION}/a-file.json`, json('logs', 'a'), 'logs', 1],
  [
    'protobuf of a name that says no signal',
    `${PARTITION}/a-file`,
    protobuf('metrics', 'a'),
    'metrics',
    1,
  ],
])('%s', async (_, name, content, signal, items) => {
  const read = await readObject(name, content)
  expect(read.damage).toEqual([])
  expect(read.items).toBe(items)
  expect(new Set(read.signals)).toEqual(new Set([signal]))
  expect(new Set(read.arrivals)).toEqual(new Set([ARRIVAL]))
})

test.each<[string, string, Buffer | string, number, Partial<Damage>]>([
  [
    'a line that is no JSON',
    'traces.jsonl',
    `${json('traces', 'a')}\n{"resourceSpans":\n${json('traces', 'b')}`,
    2,
    { reason: 'malformed' },
  ],
  [
    'a first line that is no JSON',
    'traces.jsonl',
    `{"oops\n${json('traces', 'a')}\n${json('traces', 'b')}`,
    2,
    { reason: 'malformed' },
  ],
  ['JSON that is no OTLP', 'traces.json', '{"hello":"world"}', 0, { reason: 'foreign' }],
  [
    'logs under the name of traces, JSON',
    'traces.json',
    json('logs', 'a'),
    0,
    { reason: 'foreign', signal: 'traces' },
  ],
  [
    'logs under the name of traces, protobuf',
    'traces.pb',
    protobuf('logs', 'a'),
    0,
    { reason: 'foreign' },
  ],
  ['text', 'logs.txt', 'hello, world', 0, { reason: 'malformed' }],
  [
    'gzip cut short',
    'logs.gz',
    gzipSync(protobuf('logs', 'a')).subarray(0, -12),
    0,
    { reason: 'decompression' },
  ],
  ['nothing', 'logs.gz', '', 0, { reason: 'truncated' }],
  ['gzip of nothing', 'logs.gz', gzipSync(''), 0, { reason: 'truncated' }],
  [
    'a request cut short',
    'traces.pb',
    Buffer.concat([protobuf('traces', 'a'), protobuf('traces', 'b').subarray(0, -3)]),
    1,
    { reason: 'malformed' },
  ],
])('%s is named, and the rest is read', async (_, name, content, items, expected) => {
  const read = await readObject(name, content)
  expect(read.items).toBe(items)
  expect(read.damage).toEqual([
    expect.objectContaining({ key: `sessions/foreign/raw/${name}`, ...expected }),
  ])
})

test('an object of 40 MB of merged requests comes in bounded pieces that add up', async () => {
  const request = protobuf(
    'logs',
    ...Array.from({ length: 1000 }, (_, index) => `log ${index} ${'y'.repeat(100)}`),
  )
  const count = Math.ceil(40_000_000 / request.length)
  const store = new MemoryStore()
  const content = Buffer.concat(Array.from({ length: count }, () => request))
  await store.put('sessions/foreign/raw/logs.pb', content)
  const batches = await readAll({ store, sessionId: 'foreign' })
  expect(Buffer.concat(batches.map(({ body }) => body)).equals(content)).toBe(true)
  expect(Math.max(...batches.map(({ body }) => body.length))).toBeLessThan(5 * 1024 * 1024)
})

test('a folder of objects without metadata is a session, counted by looking', async () => {
  const store = new MemoryStore()
  await store.put(
    `sessions/foreign/raw/${PARTITION}/traces_1.json`,
    Buffer.from(json('traces', 'a', 'b')),
  )
  await store.put(`sessions/foreign/raw/${PARTITION}/logs_1.json`, Buffer.from(json('logs', 'a')))
  expect(await loadSession(store, 'foreign')).toMatchObject({
    status: 'completed',
    capturedTraces: 2,
    capturedLogs: 1,
    writers: 0,
    startTime: '2026-03-04T05:06:00.000Z',
  })
  expect(await surveySession({ store, sessionId: 'foreign' })).toMatchObject({ itemCount: 3 })
})

test('JSON and protobuf of the same request become the same batch', async () => {
  const batch = makeBatch('metrics', { names: ['a', 'b'] })
  expect(requestFromJson(requestToJson(batch.body, 'metrics'), 'metrics')).toEqual(batch.body)
})

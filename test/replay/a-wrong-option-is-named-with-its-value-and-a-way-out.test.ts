// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { otlpHttpSink } from '../../src/replay/otlp-http-sink'
import { ReplayError } from '../../src/replay/replay-error'
import type { ReplayConfig } from '../../src/replay/replay-config'
import { replayDataStream } from '../../src/replay/replay-data-stream'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'

const exporter = { export: () => undefined, shutdown: async () => undefined }

function errorOf(action: () => unknown): ReplayError {
  try {
    action()
  } catch (error) {
    if (error instanceof ReplayError) return error
    throw error
  }
  throw new Error('it was accepted')
}

test.each<[string, unknown, string]>([
  ['no config', undefined, 'the config has to be an object, got undefined'],
  ['a config of another type', 'debug', "the config has to be an object, got 'debug'"],
  ['no session id', {}, "the option 'sessionId' is missing"],
  ['a session id of another type', { sessionId: 7 }, "'sessionId' has to be 1 to 128 letters"],
  ['a session id that is a path', { sessionId: '../x' }, "got '../x'"],
  ['a session id of 129 characters', { sessionId: 'x'.repeat(129) }, "'sessionId' has to be"],
  [
    'an unknown option',
    { sessionId: 'x', speed: 2 },
    "there is no option 'speed'; the options are sessionId, store, timestampAdjustment, speedMult",
  ],
  ['a speed of 0', { sessionId: 'x', speedMultiplier: 0 }, 'a number above 0 or Infinity, got 0'],
  ['a negative speed', { sessionId: 'x', speedMultiplier: -1 }, 'got -1'],
  ['a speed that is no number', { sessionId: 'x', speedMultiplier: NaN }, 'got NaN'],
  ['a speed in words', { sessionId: 'x', speedMultiplier: '2' }, "got '2'"],
  [
    'an unknown adjustment',
    { sessionId: 'x', timestampAdjustment: 'now' },
    "'timestampAdjustment' has to be 'none', 'relative' or 'current', got 'now'",
  ],
  ['services as a string', { sessionId: 'x', filterServices: 'payment' }, "got 'payment'"],
  ['no services', { sessionId: 'x', filterServices: [] }, 'got an empty list'],
  ['an unknown onError', { sessionId: 'x', onError: 'retry' }, "'skip' or 'abort', got 'retry'"],
  ['a flag that is none', { sessionId: 'x', replayLogs: 'yes' }, "'replayLogs' has to be true or"],
  ['no concurrency', { sessionId: 'x', concurrency: 0 }, 'a whole number from 1 to 256, got 0'],
  ['a time that is none', { sessionId: 'x', from: 'yesterday' }, "ISO 8601 like '2026-11-20"],
  ['a date that is none', { sessionId: 'x', to: new Date(NaN) }, "'to' has to be a Date or"],
  [
    'a range that ends before it begins',
    { sessionId: 'x', from: '2026-01-02', to: '2026-01-01T00:00:00Z' },
    "'from' (2026-01-02T00:00:00.000Z) has to lie before 'to' (2026-01-01T00:00:00.000Z)",
  ],
  ['a store that is none', { sessionId: 'x', store: {} }, "'store' has to be a store or the URL"],
  ['a store URL of another kind', { sessionId: 'x', store: 'ftp://x' }, "kind 'ftp:'"],
  ['a signal that is none', { sessionId: 'x', signal: 'traces' }, "'signal' has to be an Abort"],
  [
    'every signal off',
    { sessionId: 'x', replayTraces: false, replayMetrics: false, replayLogs: false },
    'there is no signal to replay',
  ],
  [
    'an exporter that is none',
    { sessionId: 'x', exporters: { traces: {} } },
    "'exporters.traces' has to be an exporter with export()",
  ],
  ['no exporter', { sessionId: 'x', exporters: {} }, 'give an exporter for it'],
  [
    'a signal asked for without an exporter',
    { sessionId: 'x', exporters: { traces: exporter }, replayLogs: true },
    'logs are to be replayed, but exporters.logs is missing',
  ],
  [
    'an exporter and a target',
    { sessionId: 'x', exporters: { traces: exporter }, targetEndpoint: 'http://x' },
    'targetEndpoint and exporters exclude each other',
  ],
  [
    'a target without a scheme',
    { sessionId: 'x', targetEndpoint: 'collector' },
    "try 'http://coll",
  ],
  [
    'a target with host and port alone',
    { sessionId: 'x', targetEndpoint: 'localhost:4318' },
    "try 'http://localhost:4318'",
  ],
  [
    'a target over gRPC with a path',
    { sessionId: 'x', targetEndpoint: 'grpc://localhost:4317/v1/traces' },
    'OTLP/gRPC has no path; leave out what follows the port',
  ],
  [
    'a header that gRPC does not take',
    { sessionId: 'x', targetEndpoint: 'grpc://localhost', headers: { a: 'é' } },
    "the header 'a' can't be sent over OTLP/gRPC",
  ],
  ['a target of another scheme', { sessionId: 'x', targetEndpoint: 'file:///x' }, 'http://'],
  ['headers of another type', { sessionId: 'x', headers: { a: 1 } }, "'headers' has to be an obj"],
  ['a header with a newline', { sessionId: 'x', headers: { a: 'b\r\nc: d' } }, 'got an object'],
  ['a header that OTLP sets', { sessionId: 'x', headers: { 'Content-Type': 'x' } }, "'headers'"],
  ['an unknown compression', { sessionId: 'x', compression: 'zstd' }, "'none' or 'gzip', got 'zs"],
  ['a timeout of 0', { sessionId: 'x', timeoutMillis: 0 }, 'a whole number of milliseconds from 1'],
  ['an unknown retry option', { sessionId: 'x', retry: { attempts: 3 } }, "'retry.attempts'"],
  ['an empty seed', { sessionId: 'x', rewriteIds: '' }, 'true, false or a seed'],
  ['a transform that is none', { sessionId: 'x', transforms: ['x'] }, 'a list of functions'],
])('%s', (_name, config, message) => {
  const error = errorOf(() => startReplay(config as ReplayConfig))
  expect(error.reason).toBe('InvalidConfig')
  expect(error.message).toContain(message)
})

test('a secret in a URL is not repeated', () => {
  const targetEndpoint = 'http://user:hunter2@localhost:4318'
  const { message } = errorOf(() => startReplay({ sessionId: 'x', targetEndpoint }))
  expect(message).toContain('it holds credentials')
  expect(message).not.toContain('hunter2')
})

test('options that are undefined count as left out', async () => {
  const replay = startReplay({
    sessionId: 'x',
    store: new MemoryStore(),
    targetEndpoint: undefined,
    filterServices: undefined,
    speedMultiplier: undefined,
    retry: { maxAttempts: undefined },
  })
  await expect(replay.finished).rejects.toMatchObject({ reason: 'SessionNotFound' })
})

test('streams and sinks check theirs as well', () => {
  const stream = errorOf(() => replayDataStream({ sessionId: 'x', signal: 'spans' as 'traces' }))
  expect(stream.message).toContain("'signal' has to be 'traces', 'metrics' or 'logs', got 'spans'")
  const sink = errorOf(() => otlpHttpSink({ targetEndpoint: 'nowhere' }))
  expect(sink.message).toContain("try 'http://nowhere'")
  const other = errorOf(() => otlpHttpSink({ targetEndpoint: 'grpc://localhost:4317' }))
  expect(other.message).toContain('it is OTLP/gRPC; give the OTLP/HTTP port, often http://…:4318')
})

test('a session that is not there is told by the replay, not by the call', async () => {
  const replay = startReplay({ sessionId: 'missing', store: new MemoryStore() })
  expect(replay.status().status).toBe('pending')
  await expect(replay.finished).rejects.toMatchObject({
    name: 'ReplayError',
    reason: 'SessionNotFound',
    sessionId: 'missing',
    status: { status: 'failed', totalRecords: 0 },
  })
  expect(replay.status()).toMatchObject({ status: 'failed' })
})

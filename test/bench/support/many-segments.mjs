// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { startBenchMinio } from './bench-minio.mjs'
import { requestMaker } from './bench-requests.mjs'
import { median, requireDist } from './harness.mjs'
import { countS3Requests } from './s3-requests.mjs'

const SESSION = 'many-segments'
const INTERRUPTED = 'many-segments-interrupted'
const SPANS_PER_SEGMENT = 10
const UPLOADS = 16
const TURNS = 5
const LIMIT_MILLIS = 1_000

/**
 * How long it takes to find out about a session of many segments, and to begin to replay it:
 * one that was completed, and one whose writer died before it could say what it had stored last.
 */
export async function timeManySegments({ dist, segments }) {
  const tape = requireDist({ dist })
  const minio = await startBenchMinio({ dist })
  const { server, store } = minio
  try {
    await makeSessions(tape, store, segments)
    const ways = waysOf({ tape, store, dist, segments })
    const rows = []
    for (const [name, work] of Object.entries(ways))
      rows.push([name, ...(await time(work, server))])
    return reportOf(rows, segments)
  } finally {
    await minio.stop()
  }
}

/** Recorded in memory, a segment a flush, then copied side by side: both take seconds. */
async function makeSessions(tape, store, segments) {
  const memory = new tape.MemoryStore()
  const capture = tape.startCapture({ sessionId: SESSION, store: memory })
  const makeRequest = requestMaker(SPANS_PER_SEGMENT)
  for (let segment = 0; segment < segments; segment++) {
    await capture.captureOTLPData(makeRequest(), 'traces')
    await capture.flush()
  }
  await capture.stop()
  const keys = []
  for await (const { key } of memory.list('')) keys.push(key)
  await sideBySide(keys, async (key) => {
    const { body } = await memory.get(key)
    await store.put(key, body)
    const copy = key.replace(SESSION, INTERRUPTED)
    await store.put(copy, interrupted(key, Buffer.from(body)))
  })
}

/** As `kill -9` leaves it: nobody has completed it, and its writer is silent. */
function interrupted(key, body) {
  if (!key.endsWith('.json')) return body
  const json = JSON.parse(body.toString())
  const isSummary = key.includes('/writers/')
  const updatedAt = '2026-01-01T00:00:00.000Z'
  const left = isSummary
    ? { state: 'active', updatedAt }
    : { sessionId: INTERRUPTED, status: 'active' }
  return Buffer.from(JSON.stringify({ ...json, ...left }))
}

async function sideBySide(keys, work) {
  const left = keys[Symbol.iterator]()
  // One iterator for all of them: each takes the next key.
  const workers = Array.from({ length: UPLOADS }, async () => {
    for (const key of left) await work(key)
  })
  await Promise.all(workers)
}

function waysOf({ tape, store, dist, segments }) {
  const { listSessions } = requireDist({ dist }, 'cli/list-sessions.js')
  const { showSession } = requireDist({ dist }, 'cli/show-session.js')
  const spans = segments * SPANS_PER_SEGMENT
  const printing = () => {
    const printed = []
    const print = async (...lines) => printed.push(...lines) > 0
    const complain = (line) => {
      throw new Error(line)
    }
    return { printed, terminal: { print, note: complain, complain } }
  }
  return {
    'sessions list': async () => {
      const { printed, terminal } = printing()
      await listSessions(store, terminal, { json: true })
      expectEqual(printed.length, 2)
    },
    'sessions show': async () => {
      const { printed, terminal } = printing()
      await showSession(store, SESSION, terminal, { json: true })
      expectEqual(JSON.parse(printed[0]).objects.count, segments + 2)
    },
    listCaptureSessions: async () => {
      expectEqual((await tape.listCaptureSessions(store)).length, 2)
    },
    listAvailableReplays: async () => {
      expectEqual((await tape.listAvailableReplays(store)).length, 1)
    },
    getCaptureStatus: async () => {
      expectEqual((await tape.getCaptureStatus(SESSION, store)).capturedTraces, spans)
    },
    'getCaptureStatus, interrupted': async () => {
      const { status, capturedTraces } = await tape.getCaptureStatus(INTERRUPTED, store)
      expectEqual(`${status} ${capturedTraces}`, `failed ${spans}`)
    },
    'first batch of a replay': () => firstBatch(tape, store, {}),
    'first batch of a replay, relative': () =>
      firstBatch(tape, store, { timestampAdjustment: 'relative' }),
  }
}

async function firstBatch(tape, store, options) {
  for await (const { itemCount } of tape.replayDataStream({
    sessionId: SESSION,
    store,
    ...options,
  })) {
    expectEqual(itemCount, SPANS_PER_SEGMENT)
    return
  }
  throw new Error('the replay is empty')
}

function expectEqual(found, expected) {
  if (found !== expected) throw new Error(`found ${found}, expected ${expected}`)
}

async function time(work, server) {
  const millis = []
  let requests = 0
  for (let turn = 0; turn < TURNS; turn++) {
    const requestsBefore = await countS3Requests(server)
    const start = performance.now()
    await work()
    millis.push(performance.now() - start)
    requests = (await countS3Requests(server)) - requestsBefore
  }
  return [median(millis), Math.max(...millis), requests]
}

function reportOf(rows, segments) {
  const title = `A session of ${segments.toLocaleString('en-US')} segments on MinIO`
  const columns = ['what', 'ms, median', 'ms, slowest', 'requests']
  const slowest = rows.reduce((slow, [, millis]) => Math.max(slow, millis), 0)
  return {
    tables: [{ title, columns, rows }],
    figures: [
      {
        name: 'the slowest of these, at its median',
        value: slowest,
        unit: 'ms',
        atMost: LIMIT_MILLIS,
      },
    ],
    notes: ['all segments lie in one hour or two; half of the bucket is a copy left interrupted'],
  }
}

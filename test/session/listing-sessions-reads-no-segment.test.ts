// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setImmediate } from 'node:timers/promises'
import { getCaptureStatus, listCaptureSessions } from '../../src/capture/capture-status'
import { listAvailableReplays } from '../../src/replay/list-available-replays'
import { listSessions } from '../../src/session/catalogue'
import type { SessionError } from '../../src/session/session-error'
import { metadataKey } from '../../src/session/session-keys'
import { locateSession } from '../../src/session/session-location'
import { MemoryStore } from '../../src/storage/memory-store'
import type { ObjectStore, OperationOptions, StoredObject } from '../../src/storage/object-store'
import { createWriter, makeBatch, recordSession } from '../support/recording'
import { type FaultStore, startFaultStore } from '../support/s3/fault-store'

const SEGMENTS = 7
const READ_AT_ONCE = 8

describe('of a session of some segments', () => {
  let under: FaultStore

  beforeEach(async () => {
    under = await startFaultStore()
    const writer = createWriter(under.store, 'completed')
    for (let segment = 0; segment < SEGMENTS; segment++) {
      writer.write(makeBatch('traces', { names: ['a', 'b'] }))
      await writer.flush(AbortSignal.timeout(5_000))
    }
    await writer.close(AbortSignal.timeout(5_000))
    await interruptedCopy(under, 'completed', 'interrupted')
    under.s3.requests.length = 0
  })

  afterEach(() => under.stop())

  /** What was asked for: objects by their names, listings by their prefixes. */
  const asked = (): string[] =>
    under.s3.requests.map(({ key, query }) => key || `${query.get('prefix')}*`)

  test.each([
    ['listSessions', () => idsOf(under.store)],
    ['listCaptureSessions', async () => void (await listCaptureSessions(under.store))],
    ['listAvailableReplays', async () => void (await listAvailableReplays(under.store))],
  ])('%s asks for its metadata and its writers alone', async (_, work) => {
    await work()
    expect(asked().sort()).toEqual([
      'sessions/*',
      'sessions/completed/metadata.json',
      'sessions/interrupted/metadata.json',
      'sessions/interrupted/writers/*',
      expect.stringMatching(/^sessions\/interrupted\/writers\/[^*]+$/),
    ])
  })

  test('its status takes one request, once it is completed', async () => {
    const { capturedTraces, signals } = await getCaptureStatus('completed', under.store)
    expect({ capturedTraces, segments: signals.traces.segments }).toEqual({
      capturedTraces: 2 * SEGMENTS,
      segments: SEGMENTS,
    })
    expect(asked()).toEqual(['sessions/completed/metadata.json'])
  })

  test('its totals come from its writers, if it was interrupted', async () => {
    const { status, capturedTraces } = await getCaptureStatus('interrupted', under.store)
    expect({ status, capturedTraces }).toEqual({ status: 'failed', capturedTraces: 2 * SEGMENTS })
    expect(asked().filter((name) => name.includes('/raw/'))).toEqual([])
  })

  test('its place is found without listing it', async () => {
    const location = await locateSession(under.store, 'completed')
    expect(location).toEqual({ layout: 'sessions', prefix: 'sessions/completed/' })
    expect(asked()).toEqual(['sessions/completed/metadata.json'])
  })
})

describe('of many sessions', () => {
  const ids = Array.from({ length: 30 }, (_, index) => `session-${String(index).padStart(2, '0')}`)

  test('some are read at once, and listed in order', async () => {
    const store = new CountingStore()
    for (const id of ids) await recordSession(store, id, [makeBatch('logs', { names: ['l'] })])
    expect(await idsOf(store)).toEqual(ids)
    expect(store.mostAtOnce).toBe(READ_AT_ONCE)
  })

  test('those that are damaged are told, and those that end the listing do so in their turn', async () => {
    const store = new CountingStore()
    for (const id of ids) await recordSession(store, id, [makeBatch('logs', { names: ['l'] })])
    await store.put(metadataKey(ids[3]), Buffer.from('{'))
    store.failingKey = metadataKey(ids[6])
    const unreadable: SessionError[] = []
    const listed: string[] = []
    const listing = async (): Promise<void> => {
      const options = { onUnreadable: (error: SessionError) => unreadable.push(error) }
      for await (const { sessionId } of listSessions(store, options)) listed.push(sessionId)
    }
    await expect(listing()).rejects.toThrow('the store is on fire')
    expect(listed).toEqual([ids[0], ids[1], ids[2], ids[4], ids[5]])
    expect(unreadable.map(({ code, sessionId }) => [code, sessionId])).toEqual([
      ['METADATA_CORRUPTED', ids[3]],
    ])
  })

  test('whoever wants the first alone gets it, whatever becomes of those behind it', async () => {
    const store = new CountingStore()
    for (const id of ids) await recordSession(store, id, [makeBatch('logs', { names: ['l'] })])
    store.failingKey = metadataKey(ids[1])
    for await (const { sessionId } of listSessions(store)) {
      expect(sessionId).toBe(ids[0])
      break
    }
  })
})

class CountingStore extends MemoryStore {
  failingKey: string | undefined
  mostAtOnce = 0
  #atOnce = 0

  override async get(key: string, options?: OperationOptions): Promise<StoredObject> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce)
    try {
      // As long as a store's answer takes: else the listing itself is slower.
      await setImmediate()
      if (key === this.failingKey) throw new Error('the store is on fire')
      return await super.get(key, options)
    } finally {
      this.#atOnce--
    }
  }
}

async function idsOf(store: ObjectStore): Promise<string[]> {
  const ids: string[] = []
  for await (const { sessionId } of listSessions(store)) ids.push(sessionId)
  return ids
}

/** As `kill -9` leaves a session: nobody has completed it, and its writer is silent. */
async function interruptedCopy({ store }: FaultStore, from: string, to: string): Promise<void> {
  for await (const { key } of store.list(`sessions/${from}/`)) {
    const { body } = await store.get(key)
    const copy = key.replace(from, to)
    await store.put(copy, key.endsWith('.json') ? left(body, key.includes('/writers/'), to) : body)
  }
}

function left(json: Uint8Array, isSummary: boolean, sessionId: string): Buffer {
  const changes = isSummary
    ? { state: 'active', updatedAt: '2026-01-01T00:00:00.000Z' }
    : { sessionId, status: 'active' }
  const content = JSON.parse(Buffer.from(json).toString()) as object
  return Buffer.from(JSON.stringify({ ...content, ...changes }))
}

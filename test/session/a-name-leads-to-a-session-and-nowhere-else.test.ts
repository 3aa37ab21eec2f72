// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { completeSession, loadSession, removeSession } from '../../src/session/catalogue'
import { listCollectorSessions, locateSession } from '../../src/session/session-location'
import { MemoryStore } from '../../src/storage/memory-store'
import { makeBatch, readAll, recordSession } from '../support/recording'
import { PARTITION_FORMATS, putCollectorObject } from './collector-objects'

async function storeOf(...prefixes: string[]): Promise<MemoryStore> {
  const store = new MemoryStore()
  for (const prefix of prefixes) {
    await putCollectorObject(store, { signal: 'logs', names: ['a'], prefix })
  }
  return store
}

async function listed(store: MemoryStore): Promise<string[]> {
  const names: string[] = []
  for await (const { sessionId } of listCollectorSessions(store)) names.push(sessionId)
  return names
}

test.each([
  '',
  '..',
  '../p',
  'p/..',
  'p/../../q',
  '/p',
  '/etc/passwd',
  'p//q',
  'p/',
  './p',
  'p\\q',
  'p q',
  'p\n',
  'p\0',
  'ünï',
  'sessions/x',
  'sessions/x/raw',
  'x'.repeat(129),
  'x/'.repeat(300) + 'x',
])('%j is refused in every layout, before the store is asked', async (name) => {
  const store = await storeOf('p')
  const refused: unknown = expect.objectContaining({ code: 'INVALID_SESSION_ID' })
  await store.close()
  for (const layout of ['sessions', 'awss3', undefined] as const) {
    await expect(locateSession(store, name, { layout })).rejects.toEqual(refused)
    await expect(loadSession(store, name, { layout })).rejects.toEqual(refused)
    await expect(readAll({ store, sessionId: name, layout })).rejects.toEqual(refused)
  }
  await expect(removeSession(store, name)).rejects.toEqual(refused)
})

test('a session of that id comes before a prefix of that name, unless the layout is given', async () => {
  const store = await storeOf('p')
  await recordSession(store, 'p', [makeBatch('traces', { names: ['a', 'b', 'c'] })])
  const prefixOf = async (layout?: 'sessions' | 'awss3') =>
    (await locateSession(store, 'p', { layout })).prefix
  expect(await prefixOf()).toBe('sessions/p/')
  expect(await prefixOf('sessions')).toBe('sessions/p/')
  expect(await prefixOf('awss3')).toBe('p/')
  expect(await loadSession(store, 'p')).toMatchObject({ capturedTraces: 3, capturedLogs: 0 })
  const foreign = await loadSession(store, 'p', { layout: 'awss3' })
  expect(foreign).toMatchObject({ capturedTraces: 0, capturedLogs: 1 })
})

test('where nothing lies, or nothing of the Collector, there is no session', async () => {
  const store = await storeOf('p')
  await store.put('photos/cat.jpg', Buffer.from('a cat'))
  const notFound: unknown = expect.objectContaining({ code: 'SESSION_NOT_FOUND' })
  await expect(locateSession(store, 'photos')).rejects.toEqual(notFound)
  await expect(locateSession(store, 'nope')).rejects.toEqual(notFound)
  await expect(locateSession(store, 'nope', { layout: 'awss3' })).rejects.toEqual(notFound)
  await expect(locateSession(store, 'team/p')).rejects.toEqual(notFound)
  await expect(loadSession(store, 'p', { layout: 'sessions' })).rejects.toEqual(notFound)
})

test('the folder of all sessions is none itself, though one may have its name', async () => {
  const store = await storeOf('p')
  const code = (code: string): unknown => expect.objectContaining({ code })
  await expect(locateSession(store, 'sessions')).rejects.toEqual(code('SESSION_NOT_FOUND'))
  const asPrefix = locateSession(store, 'sessions', { layout: 'awss3' })
  await expect(asPrefix).rejects.toEqual(code('INVALID_SESSION_ID'))
  await recordSession(store, 'sessions', [makeBatch('traces', { names: ['a'] })])
  expect(await locateSession(store, 'sessions')).toMatchObject({ layout: 'sessions' })
})

test('the whole store is read without the sessions in it', async () => {
  const store = await storeOf('p', 'zebra')
  await recordSession(store, 'ours', [makeBatch('traces', { names: ['a'] })])
  const batches = await readAll({ store, sessionId: '.' })
  expect(batches.map(({ key }) => key.split('/')[0]).sort()).toEqual(['p', 'zebra'])
})

test('what the Collector wrote is never completed or removed', async () => {
  const store = await storeOf('p', 'team-a/p')
  const refused: unknown = expect.objectContaining({
    code: 'SESSION_COMPLETED',
    message: expect.stringMatching(/the Collector's/) as unknown,
  })
  for (const name of ['p', 'team-a/p', '.']) {
    await expect(removeSession(store, name)).rejects.toEqual(refused)
    await expect(completeSession(store, name)).rejects.toEqual(refused)
  }
  expect(await readAll({ store, sessionId: '.' })).toHaveLength(2)
})

test('what the Collector wrote is listed by folder', async () => {
  const store = await storeOf('p', 'team-a/p', 'team-a/q')
  await store.put('photos/cat.jpg', Buffer.from('a cat'))
  await recordSession(store, 'ours', [makeBatch('traces', { names: ['a'] })])
  expect(await listed(store)).toEqual(['p', 'team-a'])
})

test.each(Object.values(PARTITION_FORMATS))(
  'partitions %s at the top of a store are one session, its own',
  async (partitionFormat) => {
    const store = new MemoryStore()
    for (const atMillis of [Date.UTC(2025, 1), Date.UTC(2026, 1)]) {
      const object = { signal: 'logs', names: ['a'], partitionFormat, prefix: '' } as const
      await putCollectorObject(store, { ...object, atMillis })
    }
    expect(await listed(store)).toEqual(['.'])
  },
)

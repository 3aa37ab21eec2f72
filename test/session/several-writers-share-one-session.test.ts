// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { completeSession, listSessions, loadSession } from '../../src/session/catalogue'
import { writerKey } from '../../src/session/session-keys'
import { MemoryStore } from '../../src/storage/memory-store'
import { createWriter, makeBatch, readAll, recordSession } from '../support/recording'
import { createMortalStore } from '../support/write-ahead'

const soon = (): AbortSignal => AbortSignal.timeout(10_000)

test('the first creates it, the others join, and the last to leave completes it', async () => {
  const store = new MemoryStore()
  const writers = Array.from({ length: 8 }, () => createWriter(store, 'shared'))
  await Promise.all(writers.map((writer) => writer.ready))
  expect(await loadSession(store, 'shared')).toMatchObject({ status: 'active', writers: 8 })
  for (const [index, writer] of writers.entries()) {
    for (let item = 0; item <= index; item++) {
      writer.write(makeBatch('traces', { names: [`${index}/${item}`], service: `s${index}` }))
    }
  }
  const first = await writers[0].close(soon())
  expect(first).toMatchObject({ status: 'active', capturedTraces: 1 })
  await Promise.all(writers.slice(1).map((writer) => writer.close(soon())))
  const session = await loadSession(store, 'shared')
  expect(session).toMatchObject({ status: 'completed', capturedTraces: 36, interruptedWriters: 0 })
  expect(session.serviceNames).toEqual(['s0', 's1', 's2', 's3', 's4', 's5', 's6', 's7'])
  expect(await readAll({ store, sessionId: 'shared' })).toHaveLength(36)
})

test('a completed session is not written again', async () => {
  const store = new MemoryStore()
  await recordSession(store, 'done', [makeBatch('logs', { names: ['a'] })])
  const before = await store.get('sessions/done/metadata.json')
  const late = createWriter(store, 'done')
  late.write(makeBatch('logs', { names: ['b'] }))
  await expect(late.ready).rejects.toMatchObject({ code: 'SESSION_COMPLETED', sessionId: 'done' })
  await expect(late.close(soon())).rejects.toMatchObject({ code: 'SESSION_COMPLETED' })
  expect(await store.get('sessions/done/metadata.json')).toEqual(before)
  expect(await readAll({ store, sessionId: 'done' })).toHaveLength(1)
  expect(late.localMetadata('failed').signals.logs).toMatchObject({ items: 0, droppedItems: 1 })
})

test('with join false, a session that exists is left alone', async () => {
  const store = new MemoryStore()
  const first = createWriter(store, 'mine')
  await first.ready
  const second = createWriter(store, 'mine', { join: false })
  await expect(second.ready).rejects.toMatchObject({ code: 'SESSION_ACTIVE' })
  expect(await first.close(soon())).toMatchObject({ status: 'completed', writers: 1 })
})

test('whoever joins while the last writer leaves either gets in or is refused, never both', async () => {
  for (let round = 0; round < 30; round++) {
    const store = new MemoryStore()
    const leaving = createWriter(store, 'race')
    await leaving.ready
    leaving.write(makeBatch('logs', { names: ['leaving'] }))
    const [, joining] = await Promise.all([
      leaving.close(soon()),
      (async () => {
        for (let turn = 0; turn < round; turn++) await Promise.resolve()
        const writer = createWriter(store, 'race')
        writer.write(makeBatch('logs', { names: ['joining'] }))
        return writer
      })(),
    ])
    const entered = await joining.ready.then(
      () => true,
      () => false,
    )
    await joining.close(soon()).catch(() => undefined)
    const session = await loadSession(store, 'race')
    expect(session).toMatchObject({ status: 'completed', capturedLogs: entered ? 2 : 1 })
    expect(await readAll({ store, sessionId: 'race' })).toHaveLength(entered ? 2 : 1)
  }
})

test('a session whose writers died is failed, and can be completed with what was stored', async () => {
  const store = new MemoryStore()
  const mortal = createMortalStore(store)
  const writer = createWriter(mortal.store, 'killed')
  await writer.ready
  writer.write(makeBatch('traces', { names: ['a', 'b'] }))
  await writer.flush(soon())
  mortal.kill()
  const { signals: before } = await loadSession(store, 'killed')
  // What a process leaves that was killed: a summary that says active, of a pid that is gone.
  const key = await onlyWriterKey(store, 'killed')
  const summary = JSON.parse(Buffer.from((await store.get(key)).body).toString()) as {
    process: { pid: number }
    signals: { traces: { items: number } }
    updatedAt: string
  }
  summary.process.pid = 2 ** 22 + 1
  summary.updatedAt = new Date(Date.now() - 3_600_000).toISOString()
  summary.signals.traces.items = 0
  await store.put(key, Buffer.from(JSON.stringify(summary)))

  expect(await loadSession(store, 'killed')).toMatchObject({ status: 'failed' })
  const completed = await completeSession(store, 'killed')
  expect(completed).toMatchObject({
    status: 'completed',
    capturedTraces: 2,
    interruptedWriters: 1,
    serviceNames: ['checkout'],
  })
  expect(await loadSession(store, 'killed')).toEqual(completed)
  expect(completed.signals).toEqual(before)
})

test('metadata that can not be read is named, and made anew from what is stored', async () => {
  const store = new MemoryStore()
  const before = await recordSession(store, 'torn', [makeBatch('logs', { names: ['a', 'b'] })])
  await store.put('sessions/torn/metadata.json', Buffer.from('{"sessionId":'))
  await recordSession(store, 'whole', [makeBatch('logs', { names: ['c'] })])

  await expect(loadSession(store, 'torn')).rejects.toMatchObject({ code: 'METADATA_CORRUPTED' })
  const unreadable: string[] = []
  const onUnreadable = ({ message }: Error): unknown => unreadable.push(message)
  const listed: string[] = []
  for await (const { sessionId } of listSessions(store, { onUnreadable })) listed.push(sessionId)
  expect(listed).toEqual(['whole'])
  expect(unreadable).toEqual([expect.stringContaining('otel-tape sessions repair torn')])

  const completed = await completeSession(store, 'torn')
  expect(completed).toMatchObject({ status: 'completed', capturedLogs: 2, writers: 1 })
  expect(completed.signals).toEqual(before.signals)
  expect(completed.serviceNames).toEqual(before.serviceNames)
})

test('a session with a living writer is not completed behind its back', async () => {
  const store = new MemoryStore()
  const writer = createWriter(store, 'alive')
  await writer.ready
  await expect(completeSession(store, 'alive')).rejects.toMatchObject({ code: 'SESSION_ACTIVE' })
  await writer.close(soon())
})

test('sessions are listed by id; folders that hold none are left out', async () => {
  const store = new MemoryStore()
  for (const id of ['b', 'a', 'c']) {
    await recordSession(store, id, [makeBatch('logs', { names: [id] })])
  }
  await store.put('sessions/junk/readme.txt', Buffer.from('hello'))
  await store.put('sessions/-bad-/metadata.json', Buffer.from('{}'))
  const ids: string[] = []
  for await (const { sessionId } of listSessions(store)) ids.push(sessionId)
  expect(ids).toEqual(['a', 'b', 'c'])
})

async function onlyWriterKey(store: MemoryStore, sessionId: string): Promise<string> {
  for await (const { key } of store.list(writerKey(sessionId, '').replace(/\.json$/, '')))
    return key
  throw new Error('there is no writer')
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { verifySession } from '../../src/capture/verify-session'
import { repairSession } from '../../src/capture/repair-session'
import { loadSession } from '../../src/session/catalogue'
import type { SessionWriter } from '../../src/session/session-writer'
import type { WriterSummary } from '../../src/session/writer-summary'
import { MemoryStore } from '../../src/storage/memory-store'
import type { ObjectStore } from '../../src/storage/object-store'
import { createWriter, makeBatch } from '../support/recording'
import { overrideStore } from '../support/stores/override-store'
import { createMortalStore, contentOf } from '../support/write-ahead'

/**
 * A store as it is seen from another machine, whose clock may be slow: what writers say of
 * themselves names that one.
 */
function seenFrom(host: string, store: ObjectStore, behindMillis = 0): ObjectStore {
  return overrideStore(store, {
    put: (key, body, options) =>
      store.put(key, key.includes('/writers/') ? onHost(host, behindMillis, body) : body, options),
  })
}

function onHost(host: string, behindMillis: number, body: Uint8Array): Uint8Array {
  const summary = JSON.parse(Buffer.from(body).toString()) as WriterSummary
  const updatedAt = new Date(Date.parse(summary.updatedAt) - behindMillis).toISOString()
  return Buffer.from(JSON.stringify({ ...summary, updatedAt, process: { host, pid: 1 } }))
}

const HEARTBEAT_MILLIS = 100

function startWriter(store: ObjectStore, host: string, behindMillis?: number): SessionWriter {
  const options = { heartbeatMillis: HEARTBEAT_MILLIS }
  return createWriter(seenFrom(host, store, behindMillis), 'shared', options)
}

function write(writer: SessionWriter, ...names: string[]): void {
  for (const name of names) writer.write(makeBatch('logs', { names: [name], service: name }))
}

const soon = (): AbortSignal => AbortSignal.timeout(5_000)

test('both live: the last to leave completes it, with the sum of both', async () => {
  const store = new MemoryStore()
  const [left, right] = [startWriter(store, 'left'), startWriter(store, 'right')]
  await Promise.all([left.ready, right.ready])
  write(left, 'a', 'b')
  write(right, 'c')
  expect(await left.close(soon())).toMatchObject({ status: 'active' })
  write(right, 'd', 'e')
  expect(await right.close(soon())).toMatchObject({ status: 'completed', capturedLogs: 5 })
  expect((await contentOf(store, 'shared')).names).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(await verifySession('shared', { store })).toMatchObject({ isWhole: true })
})

test('one is killed: after a few heartbeats it counts as gone, and what it stored stays', async () => {
  const store = new MemoryStore()
  const machine = createMortalStore(store)
  const [dying, living] = [startWriter(machine.store, 'dying'), startWriter(store, 'living')]
  await Promise.all([dying.ready, living.ready])
  write(dying, 'a', 'b')
  await dying.flush(soon())
  write(dying, 'never stored')
  machine.kill()
  write(living, 'c')
  await living.flush(soon())
  // Nobody here can look at a process of another machine: it is given its heartbeats.
  expect(await repairSession('shared', { store }).catch(reasonOf)).toBe('SessionAlreadyActive')
  expect(await living.close(soon())).toMatchObject({ status: 'active' })

  const isOver = async (): Promise<boolean> => {
    const { interruptedWriters } = await loadSession(store, 'shared')
    return interruptedWriters === 1
  }
  while (!(await isOver())) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await repairSession('shared', { store })).toMatchObject({
    ...{ status: 'completed', writers: 2, interruptedWriters: 1, capturedLogs: 3 },
    serviceNames: ['a', 'b', 'c'],
  })
  expect((await contentOf(store, 'shared')).names).toEqual(['a', 'b', 'c'])
  await dying.close(AbortSignal.timeout(50)).catch(() => undefined)
})

test('one whose clock is slow is taken for dead, and corrects the totals when it leaves', async () => {
  const store = new MemoryStore()
  const [slow, other] = [startWriter(store, 'slow', 600_000), startWriter(store, 'other')]
  await Promise.all([slow.ready, other.ready])
  write(other, 'a')
  write(slow, 'b', 'c')
  expect(await other.close(soon())).toMatchObject({ status: 'completed', interruptedWriters: 1 })
  await slow.flush(soon())
  expect(await verifySession('shared', { store })).toMatchObject({
    isWhole: true,
    items: { logs: { whole: 3, uncounted: 2 } },
  })
  const exact = { status: 'completed', capturedLogs: 3, writers: 2, interruptedWriters: 0 }
  expect(await slow.close(soon())).toMatchObject(exact)
  expect(await repairSession('shared', { store })).toMatchObject(exact)
  expect((await contentOf(store, 'shared')).names).toEqual(['a', 'b', 'c'])
})

function reasonOf(error: unknown): unknown {
  return (error as { reason?: unknown }).reason
}

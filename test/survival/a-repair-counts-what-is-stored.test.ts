// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { repairSession } from '../../src/capture/repair-session'
import { verifySession } from '../../src/capture/verify-session'
import { loadSession } from '../../src/session/catalogue'
import type { SessionMetadata } from '../../src/session/metadata'
import { MemoryStore } from '../../src/storage/memory-store'
import type { ReadOptions } from '../../src/storage/object-store'
import { StorageError } from '../../src/storage/storage-error'
import { objectReadable } from '../../src/storage/object-readable'
import { createWriter, makeBatch, recordSession } from '../support/recording'
import { runInside } from '../cli/test-terminal'

const KEY = 'sessions/worn/metadata.json'

async function recordWorn(): Promise<{ store: MemoryStore; before: SessionMetadata }> {
  const store = new MemoryStore()
  const before = await recordSession(store, 'worn', [
    makeBatch('traces', { names: ['a', 'b'], service: 'cart' }),
    makeBatch('metrics', { names: ['m'] }),
    makeBatch('logs', { names: ['c', 'd', 'e'] }),
  ])
  return { store, before }
}

test('a session that is all right stays as it is', async () => {
  const { store, before } = await recordWorn()
  expect(await repairSession('worn', { store })).toEqual(before)
  expect(await loadSession(store, 'worn')).toEqual(before)
})

test('a completed session with wrong totals gets the right ones, and keeps what was dropped', async () => {
  const { store, before } = await recordWorn()
  const wrong = structuredClone(before)
  wrong.signals.logs.items = 70
  wrong.signals.logs.droppedItems = 4
  wrong.capturedTraces = 1
  wrong.serviceNames = []
  await store.put(KEY, Buffer.from(JSON.stringify(wrong)))
  expect((await verifySession('worn', { store })).isWhole).toBe(false)

  const repaired = await repairSession('worn', { store })
  const { traces, metrics, logs } = before.signals
  const signals = { traces, metrics, logs: { ...logs, droppedItems: 4 } }
  expect(repaired).toEqual({ ...before, signals })
  expect((await verifySession('worn', { store })).isWhole).toBe(true)
})

test.each(['damaged', 'gone'])('metadata that is %s is made anew', async (what) => {
  const { store, before } = await recordWorn()
  if (what === 'gone') await store.delete(KEY)
  else await store.put(KEY, Buffer.from('{'))
  const { signals, serviceNames } = await repairSession('worn', { store })
  expect({ signals, serviceNames }).toEqual({
    signals: before.signals,
    serviceNames: before.serviceNames,
  })
  expect((await verifySession('worn', { store })).isWhole).toBe(true)
})

test('a damaged block counts as far as its header tells, and stays damaged', async () => {
  const { store, before } = await recordWorn()
  for await (const { key } of store.list('sessions/worn/raw/')) {
    if (!key.includes('/logs-')) continue
    const bytes = Buffer.from((await store.get(key)).body)
    bytes[bytes.length - 20] ^= 1
    await store.put(key, bytes)
  }
  const damage: unknown[] = []
  const onDamage = (piece: unknown): unknown => damage.push(piece)
  expect(await repairSession('worn', { store, onDamage })).toMatchObject({
    capturedLogs: before.capturedLogs,
    capturedTraces: before.capturedTraces,
  })
  expect(damage).toMatchObject([{ reason: 'decompression', itemCount: 3 }])
  const report = await verifySession('worn', { store })
  expect(report).toMatchObject({ damaged: 1, items: { logs: { whole: 0, unreadable: 3 } } })
})

test('a store that can not give an object does not make totals wrong', async () => {
  const { store, before } = await recordWorn()
  const read = jest.spyOn(store, 'read').mockImplementation((key: string, options?: ReadOptions) =>
    objectReadable(async function* () {
      throw new StorageError('UNAVAILABLE', 'nobody answers', key)
    }, options?.signal),
  )
  const repair = repairSession('worn', { store })
  await expect(repair).rejects.toMatchObject({ reason: 'StorageFailure' })
  read.mockRestore()
  expect(await loadSession(store, 'worn')).toEqual(before)
})

test('a session whose writer lives is left to it', async () => {
  const store = new MemoryStore()
  const writer = createWriter(store, 'open')
  await writer.ready
  const repair = repairSession('open', { store })
  await expect(repair).rejects.toMatchObject({ reason: 'SessionAlreadyActive' })
  await writer.close(AbortSignal.timeout(5_000))
})

test('the command repairs each session that it can', async () => {
  const store = new MemoryStore('repaired')
  await recordSession(store, 'one', [makeBatch('logs', { names: ['a'] })])
  await store.delete('sessions/one/metadata.json')
  const command = ['sessions', 'repair', 'gone', 'one', '--store', 'memory:repaired']
  const { exitCode, stdout, stderr } = await runInside(command)
  expect(stdout).toBe('one is repaired: 0 spans, 0 data points, 1 log record\n')
  expect(stderr).toMatch(/^otel-tape: there is no session 'gone' .*\(SESSION_NOT_FOUND\)\n$/)
  expect(exitCode).toBe(1)
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileStore } from '../../src/storage/file-store'
import { startFaultStore } from '../support/s3/fault-store'
import { type Measured, startMeasuring } from './measured'

const DURATION = 'otel_tape.store.operation.duration'
const RETRIES = 'otel_tape.store.operation.retries'

let measured: Measured

beforeEach(() => {
  measured = startMeasuring()
})

afterEach(() => measured.stop())

test('each operation once, by its name, with all its attempts', async () => {
  const faulty = await startFaultStore({ attemptTimeoutMillis: 5_000 })
  const { store } = faulty
  const before = await measured.sum(RETRIES, { 'otel_tape.store.operation': 'put' })
  faulty.failNext(
    ({ method }) => method === 'PUT',
    { kind: 'answer', status: 503 },
    { kind: 'reset' },
    { kind: 'answer', status: 503, code: 'SlowDown' },
  )
  await store.put('a', Buffer.from('a'))
  await store.put('b', Buffer.from('b'))
  await store.get('a')
  await store.head('a')
  for await (const _ of store.list('')) void _
  for await (const _ of store.read('a')) void _
  await store.delete('a')
  await faulty.stop()

  const told = await measured.points(DURATION)
  const byName = told.map(({ attributes, value }) => [
    attributes['otel_tape.store.operation'],
    value,
  ])
  expect(Object.fromEntries(byName)).toEqual({
    put: 2,
    get: 1,
    head: 1,
    list: 1,
    read: 1,
    delete: 1,
  })
  expect(told.every(({ attributes }) => !('error.type' in attributes))).toBe(true)
  expect(await measured.sum(RETRIES, { 'otel_tape.store.operation': 'put' })).toBe(before + 3)
})

test('one that fails by the code of its error', async () => {
  const faulty = await startFaultStore({ timeoutMillis: 200 })
  const { store } = faulty
  const failed = (operation: string, errorType: string) =>
    measured.sum(DURATION, { 'otel_tape.store.operation': operation, 'error.type': errorType })
  await expect(store.get('nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await failed('get', 'NOT_FOUND')).toBe(1)
  faulty.failNext(() => true, { kind: 'answer', status: 403, code: 'AccessDenied' })
  await expect(store.put('a', Buffer.from('a'))).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  expect(await failed('put', 'ACCESS_DENIED')).toBe(1)
  faulty.failNext(() => true, ...Array<{ kind: 'hang' }>(9).fill({ kind: 'hang' }))
  await expect(store.put('a', Buffer.from('a'))).rejects.toMatchObject({ code: 'TIMEOUT' })
  expect(await failed('put', 'TIMEOUT')).toBe(1)
  await faulty.stop()
})

test('those of a folder, and a large object is read once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-measured-'))
  const store = new FileStore(folder)
  await store.put('large', Buffer.alloc(1_000_000))
  for await (const _ of store.read('large')) void _
  await expect(store.get('nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await store.close()
  await rm(folder, { recursive: true })
  const told = await measured.points(DURATION)
  expect(told.map(({ attributes, value }) => [...Object.values(attributes), value])).toEqual([
    ['put', 1],
    ['read', 1],
    ['get', 'NOT_FOUND', 1],
  ])
})

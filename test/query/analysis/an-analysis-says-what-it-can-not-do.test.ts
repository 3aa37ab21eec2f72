// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { AnalyzeOptions } from '../../../src/query/analysis/analyze-options'
import { analyzeSession } from '../../../src/query/analysis/analyze-session'
import { QueryError } from '../../../src/query/query-error'
import { MemoryStore } from '../../../src/storage/memory-store'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../../support/recording'

async function errorOf(sessionId: string, options: object): Promise<QueryError> {
  const error: unknown = await analyzeSession(sessionId, options as AnalyzeOptions).catch(
    (reason: unknown) => reason,
  )
  if (error instanceof QueryError) return error
  throw new Error(`no QueryError: ${String(error)}`)
}

test.each([
  [{ maxSpans: 0 }, /'maxSpans' has to be a whole number above 0, got 0/],
  [{ top: 5 }, /there is no option 'top'; the options are store, layout, signal, baseline/],
  [{ from: 'yesterday' }, /'from' has to be a Date, or a time in ISO 8601 .*, got 'yesterday'/],
  [{ to: new Date(NaN) }, /'to' has to be a Date/],
  [{ from: '2026-01-02', to: '2026-01-01' }, /nothing can lie between 'from' and 'to'/],
  [{ layout: 'folder' }, /'layout' has to be sessions or awss3, got 'folder'/],
  [{ signal: 5 }, /'signal' has to be an AbortSignal, got 5/],
])('a wrong option is named with its value: %j', async (options, message) => {
  const { reason, message: told } = await errorOf('s', { store: new MemoryStore(), ...options })
  expect({ reason, told }).toEqual({
    reason: 'InvalidConfig',
    told: expect.stringMatching(message) as string,
  })
})

test.each(['../x', '', 'a b'])('so is an id that can be none: %j', async (id) => {
  expect(await errorOf(id, { store: new MemoryStore() })).toMatchObject({ reason: 'InvalidConfig' })
  const options = { store: new MemoryStore(), baseline: id }
  expect(await errorOf('s', options)).toMatchObject({ reason: 'InvalidConfig' })
})

test('a session, or a baseline, that is not there is named', async () => {
  const store = new MemoryStore()
  await recordSession(store, 'there', [makeBatch('traces', { names: ['a'] })])
  const missing = { reason: 'SessionNotFound' }
  expect(await errorOf('gone', { store })).toMatchObject({ ...missing, sessionId: 'gone' })
  const { reason, message } = await errorOf('there', { store, baseline: 'gone' })
  expect({ reason, message }).toMatchObject({
    ...missing,
    message: expect.stringContaining("'gone'") as string,
  })
})

test('an analysis ends when its signal fires', async () => {
  const store = new MemoryStore()
  await recordSession(
    store,
    'there',
    ['a', 'b'].map((name) => makeBatch('traces', { names: [name] })),
  )
  const aborted = await errorOf('there', { store, signal: AbortSignal.abort() })
  expect(aborted.reason).toBe('StorageFailure')
  const stopping = new AbortController()
  const onProgress = () => stopping.abort(new Error('enough'))
  const during = await errorOf('there', { store, signal: stopping.signal, onProgress })
  expect(during).toMatchObject({ reason: 'StorageFailure', message: 'enough' })
})

test('from and to choose by the time of arrival', async () => {
  const store = new MemoryStore()
  const batches = [0, 1_000, 2_000].map((after) =>
    makeBatch('traces', { names: [`after ${after}`], atMillis: EPOCH_MILLIS + after }),
  )
  await recordSession(store, 'there', batches)
  const from = new Date(EPOCH_MILLIS + 1_000)
  const to = new Date(EPOCH_MILLIS + 2_000).toISOString()
  const { operations } = await analyzeSession('there', { store, from, to })
  expect(operations.map(({ name }) => name)).toEqual(['after 1000'])
})

test('progress is told of each session that is read', async () => {
  const store = new MemoryStore()
  await recordSession(store, 'now', [makeBatch('traces', { names: ['a', 'b'] })])
  await recordSession(store, 'before', [makeBatch('logs', { names: ['l'] })])
  const told: unknown[] = []
  await analyzeSession('now', { store, baseline: 'before', onProgress: (step) => told.push(step) })
  expect(told).toEqual([
    { sessionId: 'now', items: 2 },
    { sessionId: 'before', items: 1 },
  ])
})

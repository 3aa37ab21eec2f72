// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setImmediate } from 'node:timers/promises'
import { createTraceIndex } from '../../../src/query/search/create-trace-index'
import type { TraceIndex } from '../../../src/query/search/trace-index'
import { idsOf, makeTrace, openIndex } from './made-traces'

const MANY = 2_000

function* manyTraces(): Generator<ReturnType<typeof makeTrace>> {
  for (let number = 0; number < MANY; number++) {
    yield makeTrace(`trace ${number}`, { name: `job ${number}` })
  }
}

const CALLS: [name: string, call: (index: TraceIndex) => Promise<unknown>][] = [
  ['ingestTrace', (index) => index.ingestTrace(makeTrace('t', {}))],
  ['ingestBatch', (index) => index.ingestBatch([])],
  ['ingestSession', (index) => index.ingestSession('s')],
  ['searchTraces', (index) => index.searchTraces('a')],
  ['getTraceById', (index) => index.getTraceById('a')],
  ['embedMissing', (index) => index.embedMissing()],
  ['status', async (index) => index.status()],
]

describe('an index', () => {
  test.each(CALLS)(
    'rejects %s before it is initialized, and after it is closed',
    async (_name, call) => {
      const index = createTraceIndex()
      await expect(call(index)).rejects.toMatchObject({ reason: 'NotInitialized' })
      await index.initialize()
      await index.close()
      await expect(call(index)).rejects.toMatchObject({ reason: 'Closed' })
      await expect(index.initialize()).rejects.toMatchObject({ reason: 'Closed' })
      await index.close()
    },
  )

  test('is initialized once', async () => {
    await using index = createTraceIndex()
    await Promise.all([index.initialize(), index.initialize()])
    await index.ingestTrace(makeTrace('t', {}))
    await index.initialize()
    expect(index.status().traceCount).toBe(1)
  })

  test('is searched while it takes traces in, and lets others have their turn', async () => {
    await using index = await openIndex()
    let turns = 0
    let isDone = false
    const ingesting = index.ingestBatch(manyTraces()).finally(() => (isDone = true))
    let found = 0
    while (!isDone) {
      await setImmediate()
      turns++
      found = Math.max(found, (await index.searchTraces('job', { threshold: 0 })).length)
    }
    expect(await ingesting).toMatchObject({ successCount: MANY, errorCount: 0 })
    expect(turns).toBeGreaterThan(3)
    expect(found).toBeGreaterThan(0)
    expect(idsOf(await index.searchTraces('job 1999', { limit: 1 }))).toEqual(['trace 1999'])
  })

  test('takes traces from many at once', async () => {
    await using index = await openIndex()
    const spans = makeTrace('shared', {}, {}, {}, {}).spans
    const results = await Promise.all(
      spans.flatMap((span) => [
        index.ingestTrace({ traceId: 'shared', spans: [span] }),
        index.ingestBatch([
          { traceId: 'shared', spans: [span] },
          makeTrace(`own ${span.spanId}`, {}),
        ]),
      ]),
    )
    expect(results).toHaveLength(8)
    expect(index.status()).toMatchObject({ traceCount: 5, spanCount: 8 })
  })

  test('closed in the middle ends what is under way, and keeps what was taken in', async () => {
    const index = await openIndex()
    const ingesting = index.ingestBatch(manyTraces())
    const outcome = expect(ingesting).rejects.toMatchObject({ reason: 'Closed' })
    await setImmediate()
    expect(index.status().traceCount).toBeLessThan(MANY)
    await index.close()
    await outcome
  })

  test('ends when it is told to by a signal', async () => {
    await using index = await openIndex()
    const aborting = new AbortController()
    const ingesting = index.ingestBatch(manyTraces(), { signal: aborting.signal })
    const outcome = expect(ingesting).rejects.toMatchObject({
      reason: 'StorageFailure',
      cause: 'enough',
    })
    await setImmediate()
    aborting.abort('enough')
    await outcome
    const { traceCount } = index.status()
    expect(traceCount).toBeLessThan(MANY)
    await expect(index.searchTraces('a', { signal: aborting.signal })).rejects.toMatchObject({
      reason: 'StorageFailure',
    })
    expect(await index.searchTraces('job', { limit: 1 })).toHaveLength(1)
  })
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { QueryError } from '../../../src/query/query-error'
import type { Embedder } from '../../../src/query/search/vectors/embedder'
import { runSourcesInWorkers } from '../../support/sources-in-workers'
import { failed, idsOf, makeTrace, openIndex } from './made-traces'

runSourcesInWorkers()

/** Knows three subjects, and which words belong to them. */
const SUBJECTS = [/money|refund|voucher/i, /weather|rain|storm/i, /login|password/i]

function subjectEmbedder(): Embedder & { calls: number; isDown: boolean; isClosed: boolean } {
  return {
    name: 'subjects',
    dimensions: 4,
    calls: 0,
    isDown: false,
    isClosed: false,
    async embed(texts) {
      this.calls++
      if (this.isDown) throw new Error('nobody answers')
      return texts.map((text) =>
        Float32Array.from([...SUBJECTS.map((subject) => (subject.test(text) ? 1 : 0)), 0.1]),
      )
    },
    async close() {
      this.isClosed = true
    },
  }
}

const TRACES = [
  makeTrace('on refund', { name: 'POST /refund' }),
  makeTrace('on storm', { name: 'storm warning' }),
  makeTrace('on password', failed('Error', 'password is wrong')),
]

describe('an index with an embedder', () => {
  test('finds by meaning what no word tells, and says so', async () => {
    const embedder = subjectEmbedder()
    await using index = await openIndex({ embedder })
    await index.ingestBatch(TRACES)
    const [best] = await index.searchTraces('rain')
    expect(best.traceId).toBe('on storm')
    expect(best.matches).toEqual([
      { kind: 'meaning', embedder: 'subjects', cosine: expect.closeTo(1) as number },
    ])
    expect(best.similarity).toBeGreaterThan(0.2)
    const [byBoth] = await index.searchTraces('storm')
    expect(byBoth.matches.map(({ kind }) => kind)).toEqual(['word', 'meaning'])
    expect(byBoth.similarity).toBeGreaterThan(best.similarity)
    await index.close()
    expect(embedder.isClosed).toBe(true)
  })

  test('embeds each content once, and none that is known', async () => {
    const embedder = subjectEmbedder()
    await using index = await openIndex({ embedder })
    await index.ingestBatch(Array.from({ length: 50 }, (_, at) => makeTrace(`t${at}`, {})))
    await index.ingestBatch([makeTrace('again', {})])
    expect(index.status().embeddings).toMatchObject({ vectorCount: 1, failureCount: 0 })
    expect(embedder.calls).toBe(1)
  })

  test('finds by words when it fails, names the failure, and embeds later', async () => {
    const embedder = Object.assign(subjectEmbedder(), { isDown: true })
    await using index = await openIndex({ embedder })
    expect(await index.ingestBatch(TRACES)).toMatchObject({ successCount: 3, errorCount: 0 })
    expect(idsOf(await index.searchTraces('storm'))).toEqual(['on storm'])
    const { vectorCount, failureCount, lastFailure } = index.status().embeddings
    expect({ vectorCount, failureCount }).toEqual({ vectorCount: 0, failureCount: 3 })
    expect(lastFailure).toBeInstanceOf(QueryError)
    expect(lastFailure?.message).toMatch(/nobody answers/)
    embedder.isDown = false
    expect(await index.embedMissing()).toBe(3)
    expect(idsOf(await index.searchTraces('rain'))[0]).toBe('on storm')
    embedder.isDown = true
    expect(idsOf(await index.searchTraces('storm and thunder'))).toEqual(['on storm'])
    expect(index.status().embeddings.failureCount).toBe(4)
  })

  test('forgets the vector of a trace that has changed', async () => {
    await using index = await openIndex({ embedder: subjectEmbedder() })
    await index.ingestTrace(TRACES[1])
    await index.ingestTrace(makeTrace('on storm', {}, { name: 'calm' }, { name: 'rain' }))
    expect(index.status().embeddings.vectorCount).toBe(1)
    expect(await index.searchTraces('storm')).toHaveLength(1)
  })

  test('has its vectors when it is opened again, of the same embedder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'otel-tape-vectors-'))
    const path = join(folder, 'traces.index')
    try {
      {
        await using index = await openIndex({ path, embedder: subjectEmbedder() })
        await index.ingestBatch(TRACES)
      }
      const embedder = subjectEmbedder()
      {
        await using again = await openIndex({ path, embedder })
        expect(again.status().embeddings.vectorCount).toBe(3)
        expect(idsOf(await again.searchTraces('rain'))[0]).toBe('on storm')
        expect(embedder.calls).toBe(1)
      }
      const other = { ...subjectEmbedder(), name: 'another' }
      await using changed = await openIndex({ path, embedder: other })
      expect(changed.status().embeddings.vectorCount).toBe(0)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

test('vectors may come with the traces, and with the query', async () => {
  await using index = await openIndex()
  const vectors = { 'on refund': [1, 0, 0], 'on storm': [0, 1, 0], 'on password': [0, 0.9, 0.4] }
  for (const trace of TRACES) {
    const embedding = vectors[trace.traceId as keyof typeof vectors]
    await index.ingestTrace({ ...trace, embedding })
  }
  const found = await index.searchTraces('xyzzy', { embedding: Float32Array.of(0, 1, 0) })
  expect(idsOf(found)).toEqual(['on storm', 'on password'])
  const wrong = index.searchTraces('xyzzy', { embedding: Float32Array.of(0, 1) })
  await expect(wrong).rejects.toMatchObject({ reason: 'EmbeddingFailure' })
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { releaseBody } from '../../src/session/reading/release-body'
import { type BatchRun, readSessionRuns } from '../../src/session/reading/session-reader'
import { MemoryStore } from '../../src/storage/memory-store'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'

/** The bodies of one block of three batches, and what they hold. */
async function readBodies(spansPerBatch: number) {
  const store = new MemoryStore()
  const names = Array.from({ length: spansPerBatch }, (_, index) => `span ${index}`)
  const batches = [0, 1, 2].map((atMillis) =>
    makeBatch('traces', { names, atMillis: EPOCH_MILLIS + atMillis }),
  )
  await recordSession(store, 'x', batches)
  const runs: BatchRun[] = []
  for await (const run of readSessionRuns({ store, sessionId: 'x' })) runs.push(run)
  expect(runs).toHaveLength(1)
  return {
    bodies: runs[0].map(({ body }) => body),
    expected: batches.map(({ body }) => Buffer.from(body)),
  }
}

test('the memory of a block is freed when the last of its bodies is released, not before', async () => {
  const { bodies, expected } = await readBodies(1000)
  const memory = bodies[0].buffer
  releaseBody(bodies[1])
  releaseBody(bodies[0])
  expect(bodies.map((body) => Buffer.from(body))).toEqual(expected)
  releaseBody(bodies[2])
  expect(memory.byteLength).toBe(0)
  expect(bodies.map((body) => body.length)).toEqual([0, 0, 0])
})

test('a small block shares its memory with others, and keeps it', async () => {
  const { bodies, expected } = await readBodies(1)
  for (const body of bodies) releaseBody(body)
  expect(bodies.map((body) => Buffer.from(body))).toEqual(expected)
})

test('what is in no block of ours is left alone', () => {
  const body = new Uint8Array(100_000).fill(7)
  releaseBody(body)
  expect(body).toHaveLength(100_000)
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Takes ten seconds: replays a session of 200 MiB.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Replay } from '../../src/replay/replay'
import { startReplay } from '../../src/replay/start-replay'
import { FileStore } from '../../src/storage/file-store'
import { EPOCH_MILLIS, createWriter, makeBatch } from '../support/recording'
import { accept, openTarget } from '../replay/otlp-target'

const BATCHES = 240
const SPANS = 20_000
const MIB = 1024 * 1024

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

let folder: string
let store: FileStore

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-'))
  store = new FileStore(folder)
  expect(await record()).toBeGreaterThan(200 * MIB)
}, 60_000)

afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

async function record(): Promise<number> {
  const names = Array.from({ length: SPANS }, (_, index) => `GET /${index}`)
  const { body } = makeBatch('traces', { names })
  const writer = createWriter(store, 'large')
  for (let index = 0; index < BATCHES; index++) {
    const capturedAtUnixNano = BigInt(EPOCH_MILLIS + index) * 1_000_000n
    writer.write({ signal: 'traces', body, capturedAtUnixNano })
    if (index % 10 === 9) await writer.flush(AbortSignal.timeout(10_000))
  }
  await writer.close(AbortSignal.timeout(10_000))
  return body.length * BATCHES
}

test('more than 200 MiB pass, and what is held stays below 48 MiB', async () => {
  await using target = await openTarget(accept, undefined, { keepsRequests: false })
  collectGarbage()
  const before = heldBytes()
  const replay = startReplay({
    sessionId: 'large',
    store,
    targetEndpoint: target.url,
    speedMultiplier: Infinity,
  })
  const peakBytes = watchHeldBytes(replay)
  expect(await replay.finished).toMatchObject({ sentRecords: BATCHES * SPANS })
  expect(peakBytes() - before).toBeLessThan(48 * MIB)
}, 60_000)

/** After a collection, now and then: what is garbage does not count. */
function watchHeldBytes(replay: Replay): () => number {
  let peak = 0
  replay.on('batch', ({ sequenceNumber }) => {
    if (sequenceNumber % 20 !== 0) return
    collectGarbage()
    peak = Math.max(peak, heldBytes())
  })
  return () => peak
}

function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

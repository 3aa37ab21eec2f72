// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Takes ten seconds or twenty: 100 MB are read, and garbage collected again and again.

import { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readSession } from '../../src/session/reading/session-reader'
import { MemoryStore } from '../../src/storage/memory-store'
import type { ObjectInfo, ReadOptions } from '../../src/storage/object-store'
import { makeBatch } from '../support/recording'

const OBJECTS = 300
const HOUR_MILLIS = Date.UTC(2026, 0, 2, 3)
const names = Array.from({ length: 1_000 }, (_, index) => `${index} ${'x'.repeat(1_000)}`)

/** Holds an hour of objects that are made when they are read, the latest first. */
class GeneratingStore extends MemoryStore {
  override async *list(prefix: string): AsyncGenerator<ObjectInfo, void> {
    for (let index = 0; index < OBJECTS; index++) {
      const key = `p/2026-01-02/03/logs_${String(index).padStart(9, '0')}.binpb`
      const sizeBytes = bodyAt(index).length
      if (key.startsWith(prefix)) yield { key, sizeBytes, etag: '', lastModified: new Date(0) }
    }
  }

  override read(key: string, { startBytes = 0, lengthBytes = 0 }: ReadOptions = {}): Readable {
    const index = Number(/_(\d+)/.exec(key)?.[1])
    const part = bodyAt(index).subarray(startBytes, startBytes + lengthBytes)
    return Readable.from([Buffer.from(part)], { objectMode: false })
  }
}

function bodyAt(index: number): Uint8Array {
  const atMillis = HOUR_MILLIS + (OBJECTS - index) * 1_000
  return makeBatch('logs', { names: index % 50 === 0 ? names : names.slice(0, 300), atMillis }).body
}

test('of 100 MB in one partition, out of order, about 16 MiB are held', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  collectGarbage()
  const before = process.memoryUsage().arrayBuffers
  let count = 0
  let peak = 0
  let total = 0
  let last = 0n
  const batches = readSession({ store: new GeneratingStore(), sessionId: 'p' })
  for await (const { body, capturedAtUnixNano } of batches as AsyncIterable<{
    body: Uint8Array
    capturedAtUnixNano: bigint
  }>) {
    expect(capturedAtUnixNano).toBeGreaterThan(last)
    last = capturedAtUnixNano
    total += body.length
    if (count++ % 20 > 0) continue
    // What is still there then is held. Twice: the second waits for what the first still sweeps.
    collectGarbage()
    collectGarbage()
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)
  }
  expect(total).toBeGreaterThan(90_000_000)
  expect(peak).toBeLessThan(40 * 1024 * 1024)
})

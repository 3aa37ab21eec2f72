// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Takes two minutes or three: verifies a session of 2 GB, which is 18 GB of OTLP.

import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { verifySession } from '../../src/session/checking/verify-session'
import { MemoryStore } from '../../src/storage/memory-store'
import type { ObjectInfo, ObjectStore, ReadOptions } from '../../src/storage/object-store'
import { EPOCH_MILLIS } from '../support/recording'
import { storeSegment } from '../survival/stored-segment'

const SESSION_BYTES = Number(process.env.OTEL_TAPE_TEST_SESSION_BYTES ?? 2_000_000_000)
const SEGMENT_BYTES = 8 * 1024 * 1024
const MAX_GROWTH_BYTES = 100 * 1024 * 1024
const FOLDER = 'sessions/large/raw/2026-01-02/03/'

/** A store in which one segment lies under many keys, so that it takes the memory of one. */
function createRepeatingStore(bytes: Buffer, count: number): ObjectStore {
  const list = async function* (prefix: string): AsyncGenerator<ObjectInfo> {
    for (let index = 0; index < count && FOLDER.startsWith(prefix); index++) {
      const key = `${FOLDER}traces-${EPOCH_MILLIS}-${randomUUID()}.otlp.gz`
      yield { key, sizeBytes: bytes.length, etag: '1', lastModified: new Date() }
    }
  }
  const read = (
    _: string,
    { startBytes = 0, lengthBytes = Infinity }: ReadOptions = {},
  ): Readable => Readable.from([Buffer.from(bytes.subarray(startBytes, startBytes + lengthBytes))])
  return Object.assign(new MemoryStore(), { list, read })
}

test('a session of 2 GB in less than 100 MB', async () => {
  const { bytes: blocks, itemCount } = await storeSegment(4, 800)
  const copies = Math.floor(SEGMENT_BYTES / blocks.length)
  const segment = Buffer.concat(Array.from({ length: copies }, () => blocks))
  const segments = Math.ceil(SESSION_BYTES / segment.length)
  const store = createRepeatingStore(segment, segments)
  // What the first objects leave behind is there whatever the session's size.
  let before = 0
  let peak = 0
  const startMillis = performance.now()
  const report = await verifySession(store, 'large', {
    onProgress: ({ objects }) => {
      const { rss } = process.memoryUsage()
      if (objects <= 3) before = rss
      peak = Math.max(peak, rss)
    },
  })
  const megabytes = (size: number): string => (size / 1e6).toFixed(0)
  process.stderr.write(
    `${report.objects} objects of ${megabytes(report.bytes)} MB in all, ` +
      `${report.items.traces.whole} spans, in ${((performance.now() - startMillis) / 1_000).toFixed(0)} s; ` +
      `resident memory grew by ${megabytes(peak - before)} MB after the first three objects\n`,
  )
  expect(report).toMatchObject({ isWhole: true, objects: segments })
  expect(report.items.traces.whole).toBe(segments * copies * itemCount)
  expect(peak - before).toBeLessThan(MAX_GROWTH_BYTES)
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { deepStrictEqual, rejects } from 'node:assert'
import { buffer } from 'node:stream/consumers'
import { MinioStore } from '../../../src/storage/minio-store'
import type { MinioStoreOptions } from '../../../src/storage/minio-store-options'

/** Does with a store what a capture and a replay do. */
async function use(options: MinioStoreOptions): Promise<void> {
  const store = new MinioStore(options)
  const large = Buffer.alloc(1_000_000, 'otel-tape')
  await store.check()
  await store.put('sessions/x/large', large)
  const { etag } = await store.put('sessions/x/metadata.json', Buffer.from('1'), { ifAbsent: true })
  const again = store.put('sessions/x/metadata.json', Buffer.from('2'), { ifAbsent: true })
  await rejects(again, { code: 'PRECONDITION_FAILED' })
  await store.put('sessions/x/metadata.json', Buffer.from('3'), { ifMatch: etag })
  deepStrictEqual(await buffer(store.read('sessions/x/large')), large)
  const range = { startBytes: 500_000, lengthBytes: 10 }
  deepStrictEqual(
    await buffer(store.read('sessions/x/large', range)),
    large.subarray(500_000, 500_010),
  )
  const keys: string[] = []
  for await (const { key } of store.list('sessions/')) keys.push(key)
  deepStrictEqual(keys, ['sessions/x/large', 'sessions/x/metadata.json'])
  await store.put('sessions/y', Buffer.from('y'))
  await store.delete('sessions/y')
  deepStrictEqual(await store.head('sessions/y'), undefined)
  await store.close()
  process.stdout.write('all of it is there\n')
}

void use(JSON.parse(process.argv[2]) as MinioStoreOptions)

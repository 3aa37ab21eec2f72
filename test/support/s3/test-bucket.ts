// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto'
import { Client } from 'minio'
import { MinioStore } from '../../../src/storage/minio-store'
import type { MinioStoreOptions } from '../../../src/storage/minio-store-options'
import { testServer } from './test-server'

/** A bucket of a test's own on this run's S3 server. The first write makes it. */
export interface TestBucket {
  readonly options: MinioStoreOptions
  /** The same, as the environment that `openStore('s3://…')` reads. */
  readonly environment: Readonly<Record<string, string>>
  /** A store on it. `remove` closes it. */
  open(options?: Partial<MinioStoreOptions>): MinioStore
  remove(): Promise<void>
}

/**
 * @example
 * const bucket = testBucket()
 * afterAll(() => bucket.remove())
 * const store = bucket.open()
 */
export function testBucket(): TestBucket {
  const { kind, endpoint, accessKey, secretKey, region } = testServer()
  const name = `otel-tape-test-${randomUUID()}`
  const options = { endpoint, accessKey, secretKey, region, bucket: name }
  const stores: MinioStore[] = []
  return {
    options,
    environment: {
      MINIO_ENDPOINT: endpoint,
      MINIO_ACCESS_KEY: accessKey,
      MINIO_SECRET_KEY: secretKey,
      MINIO_REGION: region,
      MINIO_BUCKET: name,
    },
    open: (more) => {
      const store = new MinioStore({ ...options, ...more })
      stores.push(store)
      return store
    },
    remove: async () => {
      await Promise.all(stores.map((store) => store.close()))
      // A server of this run's own goes with all it has; one by one would take longer than the tests.
      if (kind === 'given') await removeBucket(options)
    },
  }
}

/** A store on a bucket of its own, when one is all that a test needs. */
export function createTestStore(): { store: MinioStore; remove(): Promise<void> } {
  const bucket = testBucket()
  return { store: bucket.open(), remove: () => bucket.remove() }
}

async function removeBucket({ bucket, ...options }: TestBucket['options']): Promise<void> {
  const store = new MinioStore({ ...options, bucket })
  const url = new URL(
    options.endpoint.includes('://') ? options.endpoint : `http://${options.endpoint}`,
  )
  const client = new Client({
    endPoint: url.hostname,
    port: Number(url.port),
    useSSL: url.protocol === 'https:',
    accessKey: options.accessKey,
    secretKey: options.secretKey,
    region: options.region,
  })
  try {
    const keys: string[] = []
    for await (const { key } of store.list('')) keys.push(key)
    // Some at a time: a thousand deletions at once would open a thousand files.
    while (keys.length > 0) {
      await Promise.all(keys.splice(0, 50).map((key) => store.delete(key)))
    }
    if (await client.bucketExists(bucket)) await client.removeBucket(bucket)
  } finally {
    await store.close()
  }
}

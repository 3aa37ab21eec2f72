// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { type BucketItem, Client } from 'minio'
import { SIGNALS, type Signal } from '../../../src/otlp/signal'
import type { TestBucket } from '../../support/s3/test-bucket'
import { type Items, type Requests, itemsOf } from './items'

/** What a bucket holds below a prefix, read with no line of ours. */
export async function readObjects(
  { options }: TestBucket,
  prefix: string,
): Promise<Map<string, Buffer>> {
  const url = new URL(options.endpoint)
  const client = new Client({
    endPoint: url.hostname,
    port: Number(url.port),
    useSSL: url.protocol === 'https:',
    accessKey: options.accessKey,
    secretKey: options.secretKey,
    region: options.region,
  })
  const objects = new Map<string, Buffer>()
  const listing: AsyncIterable<BucketItem> = client.listObjectsV2(options.bucket, prefix, true)
  for await (const { name } of listing) {
    if (name) objects.set(name, await buffer(await client.getObject(options.bucket, name)))
  }
  return objects
}

/** What a session holds, read as docs/format.md says that anyone can read it. */
export async function sessionRequests(bucket: TestBucket, sessionId: string): Promise<Requests> {
  const requests: Record<Signal, Uint8Array[]> = { traces: [], metrics: [], logs: [] }
  for (const [key, bytes] of await readObjects(bucket, `sessions/${sessionId}/raw/`)) {
    const name = key.slice(key.lastIndexOf('/') + 1)
    const signal = SIGNALS.find((known) => name.startsWith(`${known}-`))
    if (!signal) throw new Error(`Whose is ${key}?`)
    requests[signal].push(gunzipSync(bytes))
  }
  return requests
}

export async function sessionItems(bucket: TestBucket, sessionId: string): Promise<Items> {
  return itemsOf(await sessionRequests(bucket, sessionId))
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What a bucket holds of a session, told by the MinIO client, gunzip and a counter that
// knows only how OTLP nests.

import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { Client } from 'minio'
import { countEntries } from '../bench/support/count-entries.mjs'

/** `take(sessionId)` resolves with the items of a session by signal, and removes the session. */
export async function connectToStore({ endpoint, accessKey, secretKey, region }, bucket) {
  const { hostname, port } = new URL(endpoint)
  const client = new Client({
    ...{ endPoint: hostname, port: Number(port), useSSL: false },
    ...{ accessKey, secretKey, region },
  })
  await client.makeBucket(bucket)

  async function take(sessionId) {
    const items = { traces: 0, metrics: 0, logs: 0 }
    const keys = []
    for await (const { name } of client.listObjectsV2(bucket, `sessions/${sessionId}/`, true)) {
      keys.push(name)
      const signal = /\/raw\/.*\/(traces|metrics|logs)-[^/]*$/.exec(name)?.[1]
      if (!signal) continue
      // Every metric of the soak has one data point.
      items[signal] += countEntries(gunzipSync(await buffer(await client.getObject(bucket, name))))
    }
    await client.removeObjects(bucket, keys)
    return items
  }

  return { take }
}

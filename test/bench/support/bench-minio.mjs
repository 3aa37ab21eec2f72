// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createRequire } from 'node:module'
import { requireDist } from './harness.mjs'

const require = createRequire(import.meta.url)

/** A MinIO of the bench's own, with a bucket, and a store on it. Built with Go the first time. */
export async function startBenchMinio({ dist }) {
  require('../../support/register-typescript.cjs')
  const { buildMinio, findMinio } = require('../../support/s3/minio-binary.ts')
  const { startMinio } = require('../../support/s3/minio-server.ts')
  const server = await startMinio((await findMinio()) ?? (await buildMinio()))
  const { endpoint, accessKey, secretKey, region } = server
  const bucket = 'bench'
  const { MinioStore } = requireDist({ dist })
  const store = new MinioStore({ endpoint, accessKey, secretKey, region, bucket })
  // Makes the bucket, which a Collector does not.
  await store.put('made', Buffer.from('.'))
  return {
    server,
    store,
    bucket,
    stop: async () => {
      await store.close()
      await server.stop()
    },
  }
}

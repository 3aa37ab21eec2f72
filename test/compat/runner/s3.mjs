// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The S3 server that the tests of the repository use. */
export async function startS3() {
  require('../../support/register-typescript.cjs')
  const { selectServer } = require('../../support/s3/select-server.ts')
  const server = await selectServer(true)
  console.log(`S3 is ${server.description}`)
  return server
}

/** A bucket's objects by key, read with the client of another project. */
export async function readBucket({ endpoint, accessKey, secretKey, region }, bucket) {
  const { Client } = require('minio')
  const { buffer } = require('node:stream/consumers')
  const url = new URL(endpoint.includes('://') ? endpoint : `http://${endpoint}`)
  const client = new Client({
    endPoint: url.hostname,
    port: Number(url.port),
    useSSL: url.protocol === 'https:',
    accessKey,
    secretKey,
    region,
  })
  const objects = new Map()
  for await (const { name } of client.listObjectsV2(bucket, '', true)) {
    objects.set(name, await buffer(await client.getObject(bucket, name)))
  }
  for (const key of objects.keys()) await client.removeObject(bucket, key)
  await client.removeBucket(bucket)
  return objects
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { countSpans } from './bench-requests.mjs'
import { startCollector } from './measured-receivers.mjs'
import { startLoad } from './otlp-load.mjs'
import { countS3Requests } from './s3-requests.mjs'

const require = createRequire(import.meta.url)
const SPANS_PER_REQUEST = 512
const CONNECTIONS = 8

/** What a real Collector asks of the store for so many spans: its requests, objects and bytes. */
export async function collectorRequests({ server, store, bucket }, wantedSpans) {
  const { collectorBinary } = require('../../interop/support/collector-binary.ts')
  const folder = mkdtempSync(join(tmpdir(), 'otel-tape-bench-'))
  const load = await startLoad()
  const requests = Math.ceil(wantedSpans / SPANS_PER_REQUEST)
  const spans = requests * SPANS_PER_REQUEST
  const requestsBefore = await countS3Requests(server)
  const place = { minio: server, bucket, folder, collector: await collectorBinary() }
  const collecting = await startCollector(place, 'requests')
  try {
    const way = { spansPerRequest: SPANS_PER_REQUEST, connections: CONNECTIONS }
    await load.send({ ...way, requests, url: collecting.http })
    await collecting.stop()
    const storeRequests = (await countS3Requests(server)) - requestsBefore
    const stored = { spans: 0, objects: 0, bytes: 0 }
    for await (const { key } of store.list(collecting.prefix)) {
      const object = Buffer.from((await store.get(key)).body)
      stored.spans += countSpans(object)
      stored.bytes += object.length
      stored.objects++
    }
    if (stored.spans === spans) return { ...stored, requests: storeRequests }
    throw new Error(`of ${spans} spans the Collector stored ${stored.spans}`)
  } finally {
    collecting.kill()
    load.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { countSpans } from './bench-requests.mjs'
import { startMeasured } from './measured-process.mjs'
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
  const config = join(folder, 'collector.yaml')
  writeFileSync(config, configOf(server.endpoint, bucket))
  const collecting = await startMeasured(await collectorBinary(), ['--config', config], {
    env: {
      PATH: process.env.PATH,
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
    },
    readyIn: (output) => (output.includes('Everything is ready') ? output : undefined),
  })
  try {
    const [, address] = /Starting HTTP server\t.*"endpoint": "([^"]+)"/.exec(collecting.found)
    const way = { spansPerRequest: SPANS_PER_REQUEST, connections: CONNECTIONS }
    await load.send({ ...way, requests, url: `http://${address}` })
    await collecting.stop('SIGTERM')
    const storeRequests = (await countS3Requests(server)) - requestsBefore
    const stored = { spans: 0, objects: 0, bytes: 0 }
    for await (const { key } of store.list('collector/')) {
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

/** As docs/collector.md has it. */
function configOf(endpoint, bucket) {
  return `
receivers:
  otlp:
    protocols:
      http: { endpoint: "127.0.0.1:0" }
exporters:
  awss3:
    marshaler: otlp_proto
    sending_queue: { block_on_overflow: true, batch: { flush_timeout: 5s, min_size: 8192 } }
    s3uploader:
      region: us-east-1
      s3_bucket: ${bucket}
      s3_prefix: collector
      s3_partition_timezone: UTC
      compression: gzip
      unique_key_func_name: uuidv7
      endpoint: ${endpoint}
      s3_force_path_style: true
      disable_ssl: true
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], exporters: [awss3] }
`
}

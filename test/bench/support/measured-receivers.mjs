// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// The receivers that are compared, each started as a user would: `otel-tape record`, and a
// Collector with its `awss3` exporter. Both store into the same bucket of the same MinIO.

import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { startMeasured } from './measured-process.mjs'

/**
 * Starts `otel-tape record`, which stores into `sessions/<id>/raw/`.
 *
 * @param {{ minio, bucket: string, folder: string, dist: string, profile?: string }} place
 * @param {'stored' | 'memory'} ack
 */
export async function startRecord({ minio, bucket, folder, dist, profile }, id, ack) {
  const options = ['--store', `s3://${bucket}`, '--session', id, '--ack', ack, '--json']
  const addresses = ['--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0']
  const writeAhead = ['--write-ahead', join(folder, 'write-ahead')]
  const profiling = profile ? ['--cpu-prof', '--cpu-prof-dir', profile] : []
  const main = join(resolve(dist), 'cli/main.js')
  const recording = await startMeasured(
    process.execPath,
    [...profiling, main, 'record', ...options, ...addresses, ...writeAhead],
    {
      env: {
        PATH: process.env.PATH,
        MINIO_ENDPOINT: minio.endpoint,
        MINIO_ACCESS_KEY: minio.accessKey,
        MINIO_SECRET_KEY: minio.secretKey,
      },
      readyIn: (output) => (output.includes('\n') ? JSON.parse(output.split('\n')[0]) : undefined),
      exitCodes: [0, 130],
    },
  )
  return {
    http: recording.found.http,
    grpc: `grpc://${recording.found.grpc}`,
    prefix: `sessions/${id}/raw/`,
    stop: () => recording.stop('SIGINT'),
    kill: recording.kill,
  }
}

/** Starts a Collector, the binary `collector`, which stores into `collector/<id>/`. */
export async function startCollector({ minio, bucket, folder, collector }, id) {
  const prefix = `collector/${id}`
  const config = join(folder, `${id}.yaml`)
  writeFileSync(config, collectorConfig({ endpoint: minio.endpoint, bucket, prefix }))
  const collecting = await startMeasured(collector, ['--config', config], {
    env: {
      PATH: process.env.PATH,
      AWS_ACCESS_KEY_ID: minio.accessKey,
      AWS_SECRET_ACCESS_KEY: minio.secretKey,
    },
    readyIn: (output) => (output.includes('Everything is ready') ? output : undefined),
  })
  const addressOf = (server) =>
    new RegExp(`Starting ${server} server\\t.*"endpoint": "([^"]+)"`).exec(collecting.found)[1]
  return {
    http: `http://${addressOf('HTTP')}`,
    grpc: `grpc://${addressOf('GRPC')}`,
    prefix: `${prefix}/`,
    stop: () => collecting.stop('SIGTERM'),
    kill: collecting.kill,
  }
}

// As docs/collector.md has it. It acknowledges from memory; with a full queue it lets senders wait.
function collectorConfig({ endpoint, bucket, prefix }) {
  return `
receivers:
  otlp:
    protocols:
      http: { endpoint: "127.0.0.1:0" }
      grpc: { endpoint: "127.0.0.1:0" }
exporters:
  awss3:
    marshaler: otlp_proto
    sending_queue: { block_on_overflow: true, batch: { flush_timeout: 5s, min_size: 8192 } }
    s3uploader:
      region: us-east-1
      s3_bucket: ${bucket}
      s3_prefix: ${prefix}
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

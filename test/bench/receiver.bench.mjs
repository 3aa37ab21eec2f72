// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What receiving costs: CPU time from OTLP requests in to objects in a MinIO, ours
// beside a Collector with its `awss3` exporter. The same requests, the same MinIO, in
// turns. A side is measured from its start until it has stored everything and ended;
// what it uses when nothing is sent is taken off. Afterwards the spans in the store
// are counted. Needs Linux, for /proc, and Go, the first time.
// npm run build && node test/bench/receiver.bench.mjs [--json] [--request-spans 16]

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { countSpans } from './support/bench-requests.mjs'
import { median } from './support/bench-spans.mjs'
import { startMeasured } from './support/measured-process.mjs'
import { startLoad } from './support/otlp-load.mjs'
import { countS3Requests } from './support/s3-requests.mjs'

const require = createRequire(import.meta.url)
require('../support/register-typescript.cjs')
const { collectorBinary } = require('../interop/support/collector-binary.ts')
const { buildMinio, findMinio } = require('../support/s3/minio-binary.ts')
const { startMinio } = require('../support/s3/minio-server.ts')

const { values: args } = parseArgs({
  options: {
    dist: { type: 'string', default: join(import.meta.dirname, '../../dist') },
    rounds: { type: 'string', default: '3' },
    spans: { type: 'string', default: '400000' },
    'request-spans': { type: 'string', default: '512' },
    connections: { type: 'string', default: '8' },
    // Measure only the sides whose name has this in it.
    only: { type: 'string', default: '' },
    // Write CPU profiles of our sides into this folder. They make the figures worse.
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const DIST = resolve(args.dist)
const { MinioStore } = require(join(DIST, 'index.js'))
const BUCKET = 'bench'
const IDLE_MILLIS = 1_000
const SPANS_PER_REQUEST = Number(args['request-spans'])
const LOAD = {
  requests: Math.ceil(Number(args.spans) / SPANS_PER_REQUEST),
  spansPerRequest: SPANS_PER_REQUEST,
  connections: Number(args.connections),
}
const SPANS = LOAD.requests * SPANS_PER_REQUEST

const SIDES = {
  'HTTP, Collector': { protocol: 'http', start: startCollector },
  'HTTP, otel-tape --ack stored': { protocol: 'http', start: startRecord, ack: 'stored' },
  'HTTP, otel-tape --ack memory': { protocol: 'http', start: startRecord, ack: 'memory' },
  'gRPC, Collector': { protocol: 'grpc', start: startCollector },
  'gRPC, otel-tape --ack stored': { protocol: 'grpc', start: startRecord, ack: 'stored' },
  'gRPC, otel-tape --ack memory': { protocol: 'grpc', start: startRecord, ack: 'memory' },
}
const names = Object.keys(SIDES).filter((name) => name.includes(args.only))

const folder = mkdtempSync(join(tmpdir(), 'otel-tape-bench-'))
const collector = await collectorBinary()
const minio = await startMinio((await findMinio()) ?? (await buildMinio()))
const { endpoint, accessKey, secretKey, region } = minio
const store = new MinioStore({ endpoint, accessKey, secretKey, region, bucket: BUCKET })
const load = await startLoad()
try {
  // Makes the bucket, which a Collector does not.
  await store.put('made', Buffer.from('.'))
  report(await measureAll())
} finally {
  load.stop()
  await store.close()
  await minio.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function measureAll() {
  const runs = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < Number(args.rounds); round++) {
    for (const name of names) {
      runs[name].push(await measure(SIDES[name], `run${round}-${names.indexOf(name)}`))
      process.stderr.write('.')
    }
  }
  process.stderr.write('\n')
  return Object.fromEntries(names.map((name) => [name, mediansOf(runs[name])]))
}

async function measure(side, id) {
  const idle = await side.start(`${id}-idle`, side)
  // Ready is said before all is done that a start does.
  await sleep(IDLE_MILLIS)
  const idleSeconds = await idle.stop()
  const requestsBefore = await countS3Requests(minio)
  const receiver = await side.start(id, side)
  try {
    const { millis, refused } = await load.send({ ...LOAD, url: receiver[side.protocol] })
    const seconds = (await receiver.stop()) - idleSeconds
    const storeRequests = (await countS3Requests(minio)) - requestsBefore
    const stored = await countStored(receiver.prefix)
    if (stored.spans !== SPANS) throw new Error(`${id} stored ${stored.spans} of ${SPANS} spans`)
    return {
      cpuMicrosPerSpan: (seconds * 1e6) / SPANS,
      idleCpuSeconds: idleSeconds,
      spansPerSecond: SPANS / (millis / 1000),
      storedBytesPerSpan: stored.bytes / SPANS,
      objects: stored.objects,
      storeRequestsPerMillionSpans: (storeRequests / SPANS) * 1e6,
      refusedRequests: refused,
    }
  } catch (error) {
    receiver.kill()
    throw error
  }
}

async function countStored(prefix) {
  const stored = { spans: 0, bytes: 0, objects: 0 }
  for await (const { key } of store.list(prefix)) {
    const object = Buffer.from((await store.get(key)).body)
    stored.spans += countSpans(object)
    stored.bytes += object.length
    stored.objects++
    await store.delete(key)
  }
  return stored
}

async function startRecord(id, { ack }) {
  const options = ['--store', `s3://${BUCKET}`, '--session', id, '--ack', ack, '--json']
  const addresses = ['--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0']
  const writeAhead = ['--write-ahead', join(folder, 'write-ahead')]
  const parameters = ['record', ...options, ...addresses, ...writeAhead]
  const profile = args.profile ? ['--cpu-prof', '--cpu-prof-dir', args.profile] : []
  const recording = await startMeasured(
    process.execPath,
    [...profile, join(DIST, 'cli/main.js'), ...parameters],
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

async function startCollector(id) {
  const config = join(folder, `${id}.yaml`)
  writeFileSync(config, collectorConfig(`collector/${id}`))
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
    prefix: `collector/${id}/`,
    stop: () => collecting.stop('SIGTERM'),
    kill: collecting.kill,
  }
}

// As docs/collector.md has it. It acknowledges from memory; with a full queue it lets senders wait.
function collectorConfig(prefix) {
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
      s3_bucket: ${BUCKET}
      s3_prefix: ${prefix}
      s3_partition_timezone: UTC
      compression: gzip
      unique_key_func_name: uuidv7
      endpoint: ${minio.endpoint}
      s3_force_path_style: true
      disable_ssl: true
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], exporters: [awss3] }
`
}

function mediansOf(runs) {
  const measures = Object.keys(runs[0])
  return Object.fromEntries(
    measures.map((measure) => [measure, median(runs.map((run) => run[measure]))]),
  )
}

function report(sides) {
  const ratios = Object.fromEntries(
    names
      .filter((name) => SIDES[name].ack !== undefined)
      .map((name) => [name, sides[name], sides[`${name.split(',')[0]}, Collector`]])
      .filter(([, , theirs]) => theirs !== undefined)
      .map(([name, ours, theirs]) => [name, ours.cpuMicrosPerSpan / theirs.cpuMicrosPerSpan]),
  )
  if (args.json) {
    console.log(JSON.stringify({ spans: SPANS, rounds: Number(args.rounds), sides, ratios }))
    return
  }
  const table = Object.entries(sides).map(([name, side]) => [
    name,
    {
      'CPU µs a span': side.cpuMicrosPerSpan.toFixed(2),
      ': Collector': ratios[name]?.toFixed(2) ?? '',
      'thousand spans/s': Math.round(side.spansPerSecond / 1000),
      'bytes stored a span': side.storedBytesPerSpan.toFixed(1),
      'store requests a million spans': Math.round(side.storeRequestsPerMillionSpans),
      'refused, sent again': side.refusedRequests,
      'CPU s when idle': side.idleCpuSeconds.toFixed(2),
    },
  ])
  console.table(Object.fromEntries(table))
  console.log('otel-tape : Collector over HTTP: target at most 1.0')
}

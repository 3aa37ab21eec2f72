// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// CPU time from OTLP requests in to objects in a MinIO. A side is measured from its start
// until it has stored everything and ended; what it uses when nothing is sent is taken off.
// Needs Linux, for /proc, and Go, the first time.

import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { countSpans } from './support/bench-requests.mjs'
import { defineBench, medianOf, medianRatio, requireDist } from './support/harness.mjs'
import { startCollector, startRecord } from './support/measured-receivers.mjs'
import { startLoad } from './support/otlp-load.mjs'
import { countS3Requests } from './support/s3-requests.mjs'

const require = createRequire(import.meta.url)
const BUCKET = 'bench'
const IDLE_MILLIS = 1_000

const SIDES = {
  'HTTP, Collector': { protocol: 'http', start: startCollector },
  'HTTP, otel-tape --ack stored': { protocol: 'http', start: startRecord, ack: 'stored' },
  'HTTP, otel-tape --ack memory': { protocol: 'http', start: startRecord, ack: 'memory' },
  'gRPC, Collector': { protocol: 'grpc', start: startCollector },
  'gRPC, otel-tape --ack stored': { protocol: 'grpc', start: startRecord, ack: 'stored' },
  'gRPC, otel-tape --ack memory': { protocol: 'grpc', start: startRecord, ack: 'memory' },
}

export default defineBench({
  title: 'Receiving: OTLP in to objects in a MinIO, beside a Collector with its awss3 exporter',
  options: {
    rounds: 3,
    spans: 400_000,
    requestSpans: 512,
    connections: 8,
    // Measure only the sides whose name has this in it.
    only: '',
    // Write CPU profiles of our sides into this folder. They make the figures worse.
    profile: '',
  },
  run: async (options) => report(await measureAll(options), options),
})

async function measureAll(options) {
  require('../support/register-typescript.cjs')
  const { collectorBinary } = require('../interop/support/collector-binary.ts')
  const { buildMinio, findMinio } = require('../support/s3/minio-binary.ts')
  const { startMinio } = require('../support/s3/minio-server.ts')
  const folder = mkdtempSync(join(tmpdir(), 'otel-tape-bench-'))
  const collector = await collectorBinary()
  const minio = await startMinio((await findMinio()) ?? (await buildMinio()))
  const { endpoint, accessKey, secretKey, region } = minio
  const { MinioStore } = requireDist(options)
  const store = new MinioStore({ endpoint, accessKey, secretKey, region, bucket: BUCKET })
  const load = await startLoad()
  try {
    // Makes the bucket, which a Collector does not.
    await store.put('made', Buffer.from('.'))
    const place = { minio, bucket: BUCKET, folder, collector, store, load }
    return await takeTurns({ ...options, ...place })
  } finally {
    load.stop()
    await store.close()
    await minio.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function takeTurns(bench) {
  const names = Object.keys(SIDES).filter((name) => name.includes(bench.only))
  const measured = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < bench.rounds; round++) {
    for (const name of names) {
      measured[name].push(await measure(bench, SIDES[name], `run${round}-${names.indexOf(name)}`))
      process.stderr.write('.')
    }
  }
  process.stderr.write('\n')
  return measured
}

async function measure(bench, { protocol, start, ack }, id) {
  const { minio, load, connections, requestSpans } = bench
  const requests = Math.ceil(bench.spans / requestSpans)
  const spans = requests * requestSpans
  const idle = await start(bench, `${id}-idle`, ack)
  // Ready is said before all is done that a start does.
  await sleep(IDLE_MILLIS)
  const idleSeconds = await idle.stop()
  const requestsBefore = await countS3Requests(minio)
  const receiver = await start(bench, id, ack)
  try {
    const sending = { requests, spansPerRequest: requestSpans, connections }
    const { millis, refused } = await load.send({ ...sending, url: receiver[protocol] })
    const seconds = (await receiver.stop()) - idleSeconds
    const storeRequests = (await countS3Requests(minio)) - requestsBefore
    const stored = await countStored(bench.store, receiver.prefix)
    if (stored.spans !== spans) throw new Error(`${id} stored ${stored.spans} of ${spans} spans`)
    return {
      cpuMicrosPerSpan: (seconds * 1e6) / spans,
      idleCpuSeconds: idleSeconds,
      thousandSpansPerSecond: spans / millis,
      storedBytesPerSpan: stored.bytes / spans,
      storeRequestsPerMillionSpans: (storeRequests / spans) * 1e6,
      refusedRequests: refused,
    }
  } catch (error) {
    receiver.kill()
    throw error
  }
}

async function countStored(store, prefix) {
  const stored = { spans: 0, bytes: 0 }
  for await (const { key } of store.list(prefix)) {
    const object = Buffer.from((await store.get(key)).body)
    stored.spans += countSpans(object)
    stored.bytes += object.length
    await store.delete(key)
  }
  return stored
}

function report(measured, { requestSpans }) {
  const collectorOf = (name) => measured[`${name.split(',')[0]}, Collector`]
  const names = Object.keys(measured)
  const figures = names
    .filter((name) => SIDES[name].ack !== undefined && collectorOf(name))
    .map((name) => ({
      name: `CPU a span, ${name} : Collector`,
      value: medianRatio(measured[name], collectorOf(name), 'cpuMicrosPerSpan'),
      atMost: 1,
    }))
  const rows = names.map((name) => [
    name,
    medianOf(measured[name], 'cpuMicrosPerSpan'),
    medianOf(measured[name], 'thousandSpansPerSecond'),
    medianOf(measured[name], 'storedBytesPerSpan'),
    Math.round(medianOf(measured[name], 'storeRequestsPerMillionSpans')),
    medianOf(measured[name], 'refusedRequests'),
    medianOf(measured[name], 'idleCpuSeconds'),
  ])
  const columns = [
    'side',
    'CPU µs a span',
    'thousand spans/s',
    'bytes stored a span',
    'store requests a million spans',
    'refused, sent again',
    'CPU s when idle',
  ]
  const title = `Requests of ${requestSpans} spans`
  return { tables: [{ title, columns, rows }], figures, measured }
}

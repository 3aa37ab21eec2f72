// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What storing costs: bytes a span for exporters' batches of several sizes beside one gzip
// for each batch, requests for a million spans beside a Collector's `awss3` exporter, and
// CPU and time of putting segments into a MinIO beside minio-js used plainly.
// Needs Linux and Go, the first time, for MinIO and the Collector.
// npm run bench -- store [--collector false]

import { createRequire } from 'node:module'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { collectorRequests } from './support/collector-requests.mjs'
import { requestMaker } from './support/bench-requests.mjs'
import { countEntries } from './support/count-entries.mjs'
import { defineBench, requireDist } from './support/harness.mjs'
import { startBenchMinio } from './support/bench-minio.mjs'
import { measurePuts } from './support/measure-puts.mjs'
import { countS3Requests } from './support/s3-requests.mjs'
import { variedSpans } from './support/varied-telemetry.mjs'

const require = createRequire(import.meta.url)

const BATCH_SIZES = [1, 10, 50, 512]
/** Exporters of small batches are slow ones: nobody exports a million spans one by one. */
const SPANS = { 1: 20_000, 10: 100_000, 50: 200_000, 512: 500_000 }
/** Further apart than anything that compresses by what came before it looks back. */
const DISTINCT_SPANS = 20_480
const COMPARED_BATCH = 512
const COMPARED_SPANS = 500_000

export default defineBench({
  title: 'What storing costs: bytes, requests, CPU',
  options: { rounds: 3, collector: true },
  run: async (options) => {
    const minio = await startBenchMinio(options)
    try {
      const spans = variedSpans(DISTINCT_SPANS)
      const stored = []
      for (const size of BATCH_SIZES) {
        const requests = requestsOf(spans, size)
        const sent = await storeBatches(minio, { ...options, size, requests, spans: SPANS[size] })
        stored.push({ ...sent, gzipBytes: gzipBytes(requests) / DISTINCT_SPANS })
      }
      const compared = options.collector ? await besideCollector(minio, options) : undefined
      return reportOf(stored, compared, await measurePuts(minio, options))
    } finally {
      await minio.stop()
    }
  },
})

/** OTLP requests of the same spans, so many in each. */
function requestsOf(spans, size) {
  const { ProtobufTraceSerializer } = require('@opentelemetry/otlp-transformer')
  const requests = []
  for (let at = 0; at + size <= spans.length; at += size) {
    const request = ProtobufTraceSerializer.serializeRequest(spans.slice(at, at + size))
    requests.push(Buffer.from(request))
  }
  return requests
}

/** Bytes of the requests, each as a gzip at zlib's own level: as a store by objects keeps them. */
function gzipBytes(requests) {
  return requests.reduce((bytes, request) => bytes + gzipSync(request).length, 0)
}

/** The same requests to a Collector and to a capture. */
async function besideCollector(minio, options) {
  const theirs = await collectorRequests(minio, COMPARED_SPANS)
  const makeRequest = requestMaker(COMPARED_BATCH)
  const requests = Array.from({ length: 64 }, makeRequest)
  const batches = { size: COMPARED_BATCH, requests, spans: theirs.spans, name: 'compared' }
  return { theirs, ours: await storeBatches(minio, { ...options, ...batches }) }
}

/** Captures batches of one size into MinIO; counts what lies there, and what it took. */
async function storeBatches(
  { server, store },
  { dist, size, requests, spans: wanted, name = size },
) {
  const tape = requireDist({ dist })
  const batches = Math.floor(wanted / size)
  const sessionId = `batches-of-${name}`
  const requestsBefore = await countS3Requests(server)
  const capture = tape.startCapture({ sessionId, store, maxSizeMB: 0, maxQueueBytes: 2 ** 28 })
  for (let batch = 0; batch < batches; batch++) {
    await capture.captureOTLPData(requests[batch % requests.length], 'traces')
    if (batch % 16 === 0) await setImmediate()
  }
  await capture.stop()
  const storeRequests = (await countS3Requests(server)) - requestsBefore
  const stored = { objects: 0, bytes: 0 }
  for await (const { sizeBytes } of store.list(`sessions/${sessionId}/raw/`)) {
    stored.objects++
    stored.bytes += sizeBytes
  }
  let found = 0
  for await (const { body } of tape.replayDataStream({ sessionId, store })) {
    found += countEntries(body)
  }
  const spans = batches * size
  if (found !== spans) throw new Error(`of ${spans} spans ${found} are stored`)
  return { size, spans, requests: storeRequests, ...stored }
}

function reportOf(stored, compared, puts) {
  const oneByOne = stored[0].gzipBytes
  const rows = stored.map(({ size, spans, requests, bytes, gzipBytes }) => [
    size,
    gzipBytes,
    bytes / spans,
    bytes / spans / gzipBytes,
    bytes / spans / oneByOne,
    perMillion(requests, spans),
    perMillion(spans / size, spans),
  ])
  const columns = [
    'spans a batch',
    'a gzip a batch, bytes a span',
    'stored, bytes a span',
    'stored : a gzip a batch',
    'stored : a gzip a span',
    'requests for a million spans',
    'with an object a batch',
  ]
  const figures = rows.map(([size, , , , ratio]) => ({
    name: `batches of ${size}, stored : a gzip a span`,
    value: ratio,
    atMost: 0.15,
  }))
  const beside = compared && comparison(compared)
  return {
    tables: [{ columns, rows }, ...(beside ? [beside.table] : []), ...puts.tables],
    figures: [...figures, ...(beside ? [beside.figure] : []), ...puts.figures],
    notes: [
      'requests of a capture include those that create, report and complete the session',
      ...puts.notes,
    ],
  }
}

function comparison({ ours, theirs }) {
  const rowOf = (name, { requests, objects, bytes, spans }) => [
    name,
    perMillion(requests, spans),
    perMillion(objects, spans),
    bytes / spans,
  ]
  const rows = [rowOf('otel-tape', ours), rowOf("the Collector's awss3 exporter", theirs)]
  return {
    table: {
      title: 'For a million spans, the same to both, 512 a request, as fast as they are taken',
      columns: ['by', 'requests', 'objects', 'bytes a span'],
      rows,
    },
    figure: { name: "requests : the Collector's", value: rows[0][1] / rows[1][1] },
  }
}

function perMillion(count, spans) {
  return Math.round((count / spans) * 1e6)
}

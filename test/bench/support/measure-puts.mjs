// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { Agent } from 'node:http'
import { cpuSeconds, median } from './harness.mjs'

const require = createRequire(import.meta.url)

const SIZES = [
  { name: '20 KB', sizeBytes: 20_000, puts: 400 },
  { name: '1 MiB', sizeBytes: 2 ** 20, puts: 32 },
  { name: '8 MiB', sizeBytes: 2 ** 23, puts: 8 },
]
const AT_ONCE = [1, 4]

/** CPU and time of putting objects, by our store and by minio-js, which take turns. */
export async function measurePuts({ server, store, bucket }, { rounds }) {
  const client = plainClient(server)
  const sides = {
    'otel-tape': (key, body) => store.put(key, body),
    'minio-js': (key, body) => client.putObject(bucket, key, body),
  }
  const rows = []
  const figures = []
  for (const { name, sizeBytes, puts } of SIZES) {
    for (const atOnce of AT_ONCE) {
      const body = randomBytes(sizeBytes)
      const samples = { 'otel-tape': [], 'minio-js': [] }
      // The first round warms up.
      for (let round = 0; round <= rounds; round++) {
        for (const [side, put] of Object.entries(sides)) {
          const prefix = `puts/${side}/${sizeBytes}-${atOnce}-${round}/`
          const sample = await measure({ put, prefix, body, puts, atOnce })
          await checkArrived(store, prefix, puts, sizeBytes)
          if (round > 0) samples[side].push(sample)
        }
      }
      const of = (side, key) => median(samples[side].map((sample) => sample[key]))
      for (const side of Object.keys(sides)) {
        rows.push([
          name,
          atOnce,
          side,
          ...['cpuMicros', 'wallMicros', 'cpuMicrosPerMB'].map((key) => of(side, key)),
        ])
      }
      figures.push({
        name: `CPU of puts of ${name}, ${atOnce} at a time, otel-tape : minio-js`,
        value: of('otel-tape', 'cpuMicros') / of('minio-js', 'cpuMicros'),
      })
    }
  }
  const columns = ['object', 'at a time', 'by', 'CPU µs a put', 'µs a put', 'CPU µs a MB']
  return {
    tables: [{ title: 'Puts into MinIO over plain HTTP', columns, rows }],
    figures,
    notes: [
      'minio-js: one client, putObject(Buffer), with its region and a keep-alive agent given',
    ],
  }
}

/** As good as its documentation makes it: without region and agent it costs more. */
function plainClient({ endpoint, accessKey, secretKey, region }) {
  const { Client } = require('minio')
  const { hostname, port } = new URL(endpoint)
  const address = { endPoint: hostname, port: Number(port), useSSL: false }
  const transportAgent = new Agent({ keepAlive: true, maxSockets: 16 })
  return new Client({ ...address, accessKey, secretKey, region, transportAgent })
}

async function measure({ put, prefix, body, puts, atOnce }) {
  const start = performance.now()
  const seconds = await cpuSeconds(async () => {
    let next = 0
    const work = async () => {
      while (next < puts) await put(`${prefix}${next++}`, body)
    }
    await Promise.all(Array.from({ length: atOnce }, work))
  })
  return {
    cpuMicros: (seconds / puts) * 1e6,
    wallMicros: ((performance.now() - start) / puts) * 1000,
    cpuMicrosPerMB: (seconds / ((puts * body.length) / 1e6)) * 1e6,
  }
}

async function checkArrived(store, prefix, puts, sizeBytes) {
  let arrived = 0
  for await (const object of store.list(prefix)) {
    if (object.sizeBytes === sizeBytes) arrived++
    await store.delete(object.key)
  }
  if (arrived !== puts) throw new Error(`of ${puts} objects ${arrived} arrived below ${prefix}`)
}

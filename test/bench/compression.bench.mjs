// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What the level and the size of a block cost and save: the table that the defaults,
// level 1 and 256 KiB, are picked from.

import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import { cpuSeconds, defineBench, median, requireDist } from './support/harness.mjs'
import { variedLogRecords, variedMetrics, variedSpans } from './support/varied-telemetry.mjs'

const deflate = promisify(deflateRaw)
const inflate = promisify(inflateRaw)
const LEVELS = [0, 1, 2, 3, 4, 5, 6, 9]
const BLOCK_KIBIBYTES = [16, 64, 256, 1024]
const PICKED = { level: 1, memLevel: 9, kibibytes: 256 }
// As `encodeBlock` asks for it; what a level saves does not depend on it.
const CHUNK_BYTES = 64 * 1024

export default defineBench({
  title: 'Levels and block sizes: CPU and bytes of an item',
  options: { spans: 20_000, rounds: 5 },
  run: async (options) => {
    const { spans, logs, metrics } = await samplesOf(options)
    const sizes = BLOCK_KIBIBYTES.map((kibibytes) => ({ ...PICKED, kibibytes }))
    const grid = LEVELS.flatMap((level) => sizes.map((size) => ({ ...size, level })))
    const memory = [8, 9].flatMap((memLevel) =>
      [13, 14, 15].map((windowBits) => ({ ...PICKED, memLevel, windowBits })),
    )
    const levels = LEVELS.map((level) => ({ ...PICKED, level }))
    return {
      tables: [
        await tabulate(`spans of ${bytesPerItem(spans)} bytes`, spans, grid, options),
        await tabulate('spans, what zlib remembers', spans, memory, options),
        await tabulate(`log records of ${bytesPerItem(logs)} bytes`, logs, levels, options),
        await tabulate(`data points of ${bytesPerItem(metrics)} bytes`, metrics, levels, options),
      ],
      notes: [
        'one block after another through the thread pool, as a capture does; CPU of all threads',
        'a block is a gzip member: zcat, and readers of ours that skip, read block by block',
      ],
    }
  },
})

/** For each signal, the bodies of requests as a batch processor makes them, end to end. */
async function samplesOf({ dist, spans: spanCount }) {
  const { encodeSpans } = requireDist({ dist }, 'otlp/encode-spans.js')
  const { encodeLogRecords } = requireDist({ dist }, 'otlp/encode-log-records.js')
  const { encodeMetrics } = requireDist({ dist }, 'otlp/encode-metrics.js')
  const spans = inBatches(variedSpans(spanCount), 512).map(encodeSpans)
  const logs = inBatches(variedLogRecords(spanCount), 512).map(encodeLogRecords)
  const metrics = (await variedMetrics(spanCount / 150)).map(encodeMetrics)
  return {
    spans: { bytes: Buffer.concat(spans), items: spanCount },
    logs: { bytes: Buffer.concat(logs), items: spanCount },
    metrics: { bytes: Buffer.concat(metrics), items: Math.ceil(spanCount / 150) * 150 },
  }
}

function inBatches(items, size) {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}

async function tabulate(title, sample, settings, { rounds }) {
  const runs = settings.map(() => [])
  // The first round warms up. Settings take turns, so that a slow moment is slow for all.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, setting] of settings.entries()) {
      const run = await compress(sample, setting)
      if (round > 0) runs[index].push(run)
    }
  }
  const rows = settings.map(({ level, kibibytes, memLevel, windowBits = 15 }, index) => {
    const middle = (key) => median(runs[index].map((run) => run[key])) / sample.items
    return [
      `level ${level}, ${kibibytes} KiB, memLevel ${memLevel}, windowBits ${windowBits}`,
      middle('deflateMicros').toFixed(2),
      middle('bytes').toFixed(1),
      middle('inflateMicros').toFixed(2),
    ]
  })
  return { title, columns: ['', 'deflate, µs', 'bytes', 'inflate, µs'], rows }
}

async function compress({ bytes }, { level, memLevel, windowBits = 15, kibibytes }) {
  const blockBytes = kibibytes * 1024
  const options = { level, memLevel, windowBits, chunkSize: CHUNK_BYTES }
  const blocks = []
  const deflateSeconds = await cpuSeconds(async () => {
    for (let at = 0; at < bytes.length; at += blockBytes) {
      blocks.push(await deflate(bytes.subarray(at, at + blockBytes), options))
    }
  })
  const inflated = []
  const inflateSeconds = await cpuSeconds(async () => {
    for (const block of blocks) inflated.push(await inflate(block, { chunkSize: blockBytes + 1 }))
  })
  if (!Buffer.concat(inflated).equals(bytes)) throw new Error(`level ${level} lost something`)
  return {
    deflateMicros: deflateSeconds * 1e6,
    inflateMicros: inflateSeconds * 1e6,
    bytes: blocks.reduce((sum, block) => sum + block.length, 0),
  }
}

function bytesPerItem({ bytes, items }) {
  return Math.round(bytes.length / items)
}

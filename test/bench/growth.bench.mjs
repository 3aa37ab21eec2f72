// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Whether anything grows with a session: what an item costs to capture and to replay in
// sessions of ten thousand to ten million items, and how long it takes to list, show and
// open a session of ten thousand segments in a MinIO.
// npm run bench -- growth [--max 1000000] [--segments 0]

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { requestMaker } from './support/bench-requests.mjs'
import { countEntries } from './support/count-entries.mjs'
import { cpuSeconds, defineBench, medianOf, requireDist } from './support/harness.mjs'
import { timeManySegments } from './support/many-segments.mjs'

const SIZES = [1e4, 1e5, 1e6, 1e7]
const SPANS_PER_REQUEST = 512
const DISTINCT_REQUESTS = 64
/** Less leaves a tenth of the cost to compilation. */
const WARM_UP_ITEMS = 1_000_000
const SMALLEST_SESSIONS = 100
/** Small sessions are measured many in a row, so that each bears its part of the garbage. */
const LEAST_ITEMS = 600_000
const MAX_QUEUE_BYTES = 256 * 1024 * 1024
/** In memory where there is such a folder: a disk's costs go by segment, not by item. */
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export default defineBench({
  title: 'What a session costs as it grows',
  options: { max: 1e7, segments: 10_000 },
  sides: Object.fromEntries(
    SIZES.map((size) => [nameOf(size), (options) => measure(size, options)]),
  ),
  run: async (options) => {
    const sizes = SIZES.filter((size) => size <= options.max)
    const samples = new Map(sizes.map((size) => [size, []]))
    for (let round = 0; round < options.rounds; round++) {
      // Taking turns, as a noisy machine is noisy for all of them.
      for (const size of sizes) samples.get(size).push(measureApart(nameOf(size)))
    }
    const growth = growthReport(samples)
    if (options.segments === 0) return growth
    const many = await timeManySegments(options)
    return {
      tables: [...growth.tables, ...many.tables],
      figures: [...growth.figures, ...many.figures],
      notes: [...growth.notes, ...many.notes],
    }
  },
})

function nameOf(size) {
  return `10^${Math.log10(size)}`
}

/** In a process of its own, as the harness runs a side. */
function measureApart(side) {
  const [, runner, ...parameters] = process.argv
  const call = ['--expose-gc', runner, ...parameters, '--side', side]
  const stdio = ['ignore', 'pipe', 'inherit']
  const output = execFileSync(process.execPath, call, { encoding: 'utf8', stdio })
  process.stderr.write('.')
  return JSON.parse(output.trimEnd().split('\n').at(-1))
}

async function measure(size, { dist }) {
  const folder = mkdtempSync(join(FOLDER, 'otel-tape-bench-'))
  const tape = requireDist({ dist })
  const store = tape.openStore(folder)
  const requests = Array.from({ length: DISTINCT_REQUESTS }, requestMaker(SPANS_PER_REQUEST))
  const bench = { tape, store, requests }
  try {
    await warmUp(bench)
    const smallest = await measureSessions(bench, 'smallest', SMALLEST_SESSIONS, 1)
    const turns = Math.max(1, Math.round(LEAST_ITEMS / size))
    const batches = Math.ceil(size / SPANS_PER_REQUEST)
    const sessions = await measureSessions(bench, 'measured', turns, batches)
    const itemsBeyond = (batches - 1) * SPANS_PER_REQUEST
    const microsPerItem = (way) => ((sessions[way] - smallest[way]) / itemsBeyond) * 1e6
    return {
      items: batches * SPANS_PER_REQUEST,
      captureMicrosPerItem: microsPerItem('captureSeconds'),
      replayMicrosPerItem: microsPerItem('replaySeconds'),
      smallestCaptureMillis: smallest.captureSeconds * 1000,
      smallestReplayMillis: smallest.replaySeconds * 1000,
      maxRssMB: process.resourceUsage().maxRSS / 1000,
    }
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Makes sure as well that the items which a batch says it has are there. */
async function warmUp(bench) {
  const batches = Math.ceil(WARM_UP_ITEMS / SPANS_PER_REQUEST)
  await measureSessions(bench, 'warm-up', 1, batches)
  let spans = 0
  for await (const { body } of bench.tape.replayDataStream(inStore(bench, 'warm-up-0'))) {
    spans += countEntries(body)
  }
  if (spans === batches * SPANS_PER_REQUEST) return
  throw new Error(`${spans} spans lie in a session of ${batches} batches`)
}

/** CPU seconds of one session, on average, of so many that are alike. */
async function measureSessions(bench, name, sessions, batches) {
  const ids = Array.from({ length: sessions }, (_, index) => `${name}-${index}`)
  const captureSeconds = await cpuSeconds(async () => {
    for (const id of ids) await captureSession(bench, id, batches)
  })
  let items = 0
  const replaySeconds = await cpuSeconds(async () => {
    for (const id of ids) {
      for await (const { itemCount } of bench.tape.replayDataStream(inStore(bench, id))) {
        items += itemCount
      }
    }
  })
  const expected = sessions * batches * SPANS_PER_REQUEST
  if (items !== expected) throw new Error(`of ${expected} spans ${items} were replayed`)
  return { captureSeconds: captureSeconds / sessions, replaySeconds: replaySeconds / sessions }
}

async function captureSession({ tape, store, requests }, sessionId, batches) {
  const capture = tape.startCapture({
    sessionId,
    store,
    maxSizeMB: 0,
    maxQueueBytes: MAX_QUEUE_BYTES,
  })
  for (let batch = 0; batch < batches; batch++) {
    await capture.captureOTLPData(requests[batch % requests.length], 'traces')
    // As an app does: it lives between two exports.
    await setImmediate()
  }
  const { capturedTraces } = await capture.stop()
  const expected = batches * SPANS_PER_REQUEST
  if (capturedTraces === expected) return
  throw new Error(`of ${expected} spans ${capturedTraces} were captured`)
}

function inStore({ store }, sessionId) {
  return { sessionId, store }
}

function growthReport(samples) {
  const rows = [...samples].map(([size, ofSize]) => [
    nameOf(size),
    ...['captureMicrosPerItem', 'replayMicrosPerItem', 'maxRssMB'].map((key) =>
      medianOf(ofSize, key),
    ),
  ])
  const all = [...samples.values()].flat()
  const figures = ['capture', 'replay'].map((way) => {
    const costs = [...samples.values()].map((ofSize) => medianOf(ofSize, `${way}MicrosPerItem`))
    return {
      name: `${way}, an item of the largest session : one of the smallest`,
      value: costs.at(-1) / costs[0],
      atMost: 1.1,
    }
  })
  const columns = ['items', 'capture, CPU µs an item', 'replay, CPU µs an item', 'peak RSS, MB']
  return {
    tables: [{ columns, rows }],
    figures,
    notes: [
      'batches of 512 spans: captureOTLPData into a folder, replayDataStream into nothing; each size in a ' +
        'process of its own, after a warm-up; the RSS includes the premade requests',
      `taken off, with its items: a session of one batch, ` +
        `${medianOf(all, 'smallestCaptureMillis').toFixed(1)} ms of CPU to capture ` +
        `and ${medianOf(all, 'smallestReplayMillis').toFixed(1)} ms to replay`,
    ],
  }
}

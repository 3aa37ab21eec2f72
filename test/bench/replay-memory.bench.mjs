// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// How much memory the replay of a large session takes above the idle process, in which the
// package is loaded and nothing has been replayed.

import { defineBench, medianOf, requireDist } from './support/harness.mjs'
import { startSink } from './support/otlp-sink.mjs'
import { withSession } from './support/record-session.mjs'

const SPANS_PER_BATCH = 512
const BYTES_PER_SPAN = 480
const SAMPLE_MILLIS = 10

export default defineBench({
  title: 'Resident memory of the replay of a large session',
  options: { megabytes: 2000, rounds: 1 },
  sides: Object.fromEntries(
    ['relative', 'current'].map((adjustment) => [
      adjustment,
      (options) => replay(options, adjustment),
    ]),
  ),
  report: (measured) => {
    const rows = Object.entries(measured).map(([side, samples]) => [
      side,
      samples[0].items,
      (medianOf(samples, 'bytes') / 1e6).toFixed(0),
      medianOf(samples, 'idleMegabytes').toFixed(0),
      medianOf(samples, 'peakMegabytes').toFixed(0),
    ])
    const columns = ['times', 'spans', 'MB sent', 'MB resident when idle', 'MB above it, peak']
    const figures = Object.entries(measured).map(([side, samples]) => ({
      name: `${side}, resident above idle`,
      value: medianOf(samples, 'peakMegabytes'),
      unit: 'MB',
      atMost: 100,
    }))
    return { tables: [{ columns, rows }], figures }
  },
})

async function replay({ dist, megabytes }, timestampAdjustment) {
  const batches = Math.ceil((megabytes * 1e6) / BYTES_PER_SPAN / SPANS_PER_BATCH)
  const spans = batches * SPANS_PER_BATCH
  return withSession({ dist, spans, spansPerBatch: SPANS_PER_BATCH }, async (session) => {
    const { startReplay } = requireDist({ dist })
    const sink = await startSink()
    const idleBytes = process.memoryUsage.rss()
    let peakBytes = idleBytes
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
    }, SAMPLE_MILLIS)
    try {
      const target = { targetEndpoint: sink.url, speedMultiplier: Infinity }
      await startReplay({ ...session, ...target, timestampAdjustment }).finished
      const { traces, bytes } = await sink.take()
      if (traces !== spans) throw new Error(`${traces} of ${spans} spans arrived`)
      const peakMegabytes = (peakBytes - idleBytes) / 1e6
      return { items: traces, bytes, idleMegabytes: idleBytes / 1e6, peakMegabytes }
    } finally {
      clearInterval(watch)
      sink.stop()
    }
  })
}

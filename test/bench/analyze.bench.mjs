// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What the analysis of a large session takes: CPU a span, for reading it alone and for all of the
// analysis, and resident memory above the process in which nothing has been read.
// npm run bench -- analyze [--spans 100000] [--rounds 3]

import { cpuSeconds, defineBench, medianOf, requireDist } from './support/harness.mjs'
import { withVariedSession } from './support/varied-session.mjs'

export default defineBench({
  title: 'Analysing a large session',
  options: { spans: 1_000_000, rounds: 1 },
  sides: {
    'decoding alone': (options) => measure(options, decode),
    'reading into columns': (options) => measure(options, readModel),
    analyzeSession: (options) => measure(options, analyze),
  },
  report: (measured) => {
    const rows = Object.entries(measured).map(([side, samples]) => [
      side,
      samples[0].items,
      medianOf(samples, 'microsPerSpan'),
      medianOf(samples, 'elapsedSeconds'),
      medianOf(samples, 'idleMegabytes'),
      medianOf(samples, 'peakMegabytes'),
    ])
    const columns = [
      '',
      'spans',
      'CPU µs a span',
      's',
      'MB resident when idle',
      'MB above it, peak',
    ]
    const figures = [
      {
        name: 'resident above idle, bytes a span',
        value: medianOf(
          measured.analyzeSession.map(({ peakMegabytes, items }) => ({
            bytes: (peakMegabytes * 1e6) / items,
          })),
          'bytes',
        ),
        unit: 'B',
      },
    ]
    return { tables: [{ columns, rows }], figures }
  },
})

function measure({ dist, spans }, work) {
  return withVariedSession({ dist, spans }, async (session) => {
    requireDist({ dist }, 'query/analysis/analyze-session.js')
    const idleBytes = process.memoryUsage.rss()
    const start = performance.now()
    let items = 0
    const seconds = await cpuSeconds(async () => {
      items = await work(dist, session)
    })
    const elapsedSeconds = (performance.now() - start) / 1e3
    // Peak, as the system counted it: a timer would not run while the analysis does.
    const peakMegabytes = (process.resourceUsage().maxRSS * 1024 - idleBytes) / 1e6
    const microsPerSpan = (seconds * 1e6) / items
    return { items, microsPerSpan, elapsedSeconds, idleMegabytes: idleBytes / 1e6, peakMegabytes }
  })
}

async function decode(dist, { store, sessionId }) {
  const { readDecodedSession } = requireDist({ dist }, 'query/decoded-session.js')
  const { FileStore } = requireDist({ dist }, 'storage/file-store.js')
  let items = 0
  for await (const batch of readDecodedSession({ store: new FileStore(store), sessionId })) {
    items += batch.spans.length
  }
  return items
}

async function readModel(dist, { store, sessionId }) {
  const { readSessionModel } = requireDist({ dist }, 'query/analysis/read-session-model.js')
  const { FileStore } = requireDist({ dist }, 'storage/file-store.js')
  const model = await readSessionModel({ store: new FileStore(store), sessionId })
  return model.spans.count
}

async function analyze(dist, { store, sessionId }) {
  const { analyzeSession } = requireDist({ dist }, 'query/analysis/analyze-session.js')
  const { totals } = await analyzeSession(sessionId, { store })
  return totals.spans
}

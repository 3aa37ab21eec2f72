// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What the trace index costs without a model: taking traces in, searching, reopening, memory.
//
//     npm run bench -- search [--traces 100000] [--searches 400] [--rounds 1]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { cpuSeconds, defineBench, medianOf, requireDist } from './support/harness.mjs'
import { QUERIES, searchedTraces } from './support/searched-traces.mjs'

const BATCH_TRACES = 5_000
const WARM_UP_SEARCHES = 24

export default defineBench({
  title: 'Searching traces by words and concepts, without a model',
  options: { traces: 100_000, searches: 400, rounds: 3 },
  sides: {
    'in memory': (options) => measureIndex(':memory:', options),
    'in a file': async (options) => {
      const folder = mkdtempSync(join(tmpdir(), 'otel-tape-bench-'))
      try {
        return await measureIndex(join(folder, 'traces.index'), options)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  },
  report: (measured) => {
    const rows = Object.entries(measured).map(([side, samples]) => [
      side,
      ...Object.keys(COLUMNS).map((key) => medianOf(samples, key)),
    ])
    const memory = measured['in memory']
    return {
      tables: [{ columns: ['index', ...Object.values(COLUMNS)], rows }],
      figures: [
        { name: 'search, CPU p50', value: medianOf(memory, 'p50CpuMillis'), unit: 'ms', atMost: 5 },
        { name: 'search, CPU p99', value: medianOf(memory, 'p99CpuMillis'), unit: 'ms' },
        {
          name: 'traces taken in',
          value: medianOf(memory, 'ingestedPerCpuSecond'),
          unit: 'a CPU second',
          atLeast: 5_000,
        },
      ],
      notes: [
        'five spans a trace, no two traces alike; a search gives ten results with their reasons, and is ' +
          'measured by its CPU time as well as by the clock: the machine may have other work',
      ],
    }
  },
})

const COLUMNS = {
  ingestedPerCpuSecond: 'traces in a CPU s',
  ingestDelayMillis: 'wait of others p99, ms',
  p50Millis: 'search p50, ms',
  p99Millis: 'p99, ms',
  p50CpuMillis: 'CPU p50, ms',
  p99CpuMillis: 'CPU p99, ms',
  reopenCpuSeconds: 'reopening, CPU s',
  heldMB: 'memory, MB',
}

async function measureIndex(path, options) {
  const module = 'query/search/create-trace-index.js'
  const { createTraceIndex } = requireDist(options, module)
  global.gc()
  const rssBefore = process.memoryUsage.rss()
  const index = createTraceIndex({ path })
  await index.initialize()
  const ingest = await measureIngestion(index, options)
  const search = await measureSearches(index, options)
  const { traceCount } = index.status()
  global.gc()
  const heldMB = (process.memoryUsage.rss() - rssBefore) / 1e6
  await index.close()
  let reopenCpuSeconds = 0
  if (path !== ':memory:') {
    const again = createTraceIndex({ path })
    reopenCpuSeconds = await cpuSeconds(() => again.initialize())
    if (again.status().traceCount !== traceCount) throw new Error('traces were lost')
    await again.close()
  }
  return { items: traceCount, ...ingest, ...search, reopenCpuSeconds, heldMB }
}

async function measureIngestion(index, { traces }) {
  let batch = []
  let seconds = 0
  const delay = monitorEventLoopDelay({ resolution: 5 })
  const finish = async () => {
    delay.enable()
    seconds += await cpuSeconds(() => index.ingestBatch(batch))
    delay.disable()
    batch = []
  }
  for (const trace of searchedTraces(traces)) {
    batch.push(trace)
    if (batch.length === BATCH_TRACES) await finish()
  }
  await finish()
  return { ingestedPerCpuSecond: traces / seconds, ingestDelayMillis: delay.percentile(99) / 1e6 }
}

async function measureSearches(index, { searches }) {
  for (let run = 0; run < WARM_UP_SEARCHES; run++) {
    await index.searchTraces(QUERIES[run % QUERIES.length])
  }
  const times = []
  const cpuTimes = []
  for (let run = 0; run < searches; run++) {
    const start = performance.now()
    const seconds = await cpuSeconds(() => index.searchTraces(QUERIES[run % QUERIES.length]))
    times.push(performance.now() - start)
    cpuTimes.push(seconds * 1000)
  }
  const share = (values, part) => values.toSorted((a, b) => a - b)[Math.floor(searches * part)]
  return {
    p50Millis: share(times, 0.5),
    p99Millis: share(times, 0.99),
    p50CpuMillis: share(cpuTimes, 0.5),
    p99CpuMillis: share(cpuTimes, 0.99),
  }
}

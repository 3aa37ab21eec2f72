// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What SQL over a session costs: CPU of building its database from its segments, of finding
// it again and of extending it, and how long common questions take then.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineBench, median, requireDist } from './support/harness.mjs'
import { recordVariedSession } from './support/varied-session.mjs'

const SESSION_ID = 'bench'
const ASKED_TRACES = 25

const QUESTIONS = {
  'group by service, with p99': `
    SELECT service_name, count(*) AS spans, quantile_cont(duration_millis, 0.99) AS p99
    FROM spans GROUP BY service_name ORDER BY p99 DESC`,
  'group by service and operation, with errors and p50, p95, p99': `
    SELECT service_name, name, count(*) AS spans, count(*) FILTER (status_code = 'ERROR') AS errors,
      quantile_cont(duration_millis, [0.5, 0.95, 0.99]) AS quantiles
    FROM spans GROUP BY ALL ORDER BY spans DESC`,
  'spans a second': `
    SELECT date_trunc('second', start_time) AS second, count(*) FROM spans GROUP BY 1 ORDER BY 1`,
  'by an attribute with a column': `
    SELECT count(*) FROM spans WHERE http_response_status_code >= 500`,
  'by an attribute without one': `
    SELECT count(*) FROM spans WHERE attributes['thread.id'] = '7'`,
  'the slowest 20': `
    SELECT trace_id, name, duration_millis FROM spans ORDER BY duration_millis DESC LIMIT 20`,
}

export default defineBench({
  title: 'SQL over a session: building, finding again, asking',
  options: { spans: 1_003_520, rounds: 9 },
  run: async (options) => {
    const folder = mkdtempSync(join(tmpdir(), 'otel-tape-bench-'))
    try {
      const store = join(folder, 'store')
      recordVariedSession({ ...options, store, sessionId: SESSION_ID })
      const place = { ...options, store, cache: join(folder, 'cache') }
      const decoded = inProcess('decode', place)
      const built = inProcess('build', place)
      const found = inProcess('find', place)
      return reportOf({ decoded, built, found, asked: inProcess('ask', place) }, place)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
})

/** One of the functions below, in a process that has done nothing else. */
function inProcess(step, options) {
  const parameters = [fileURLToPath(import.meta.url), step, JSON.stringify(options)]
  return JSON.parse(execFileSync(process.execPath, parameters, { maxBuffer: 2 ** 26 }))
}

function open({ dist, store, cache }) {
  const { openQuery } = requireDist({ dist }, 'query/sql/open-query.js')
  return openQuery({ sessions: SESSION_ID, store, cache })
}

/** What any reader of the session has to do first. */
async function decode({ dist, store }) {
  const { readDecodedSession } = requireDist({ dist }, 'query/decoded-session.js')
  const opened = requireDist({ dist }).openStore(store)
  const startMillis = performance.now()
  for await (const _ of readDecodedSession({ store: opened, sessionId: SESSION_ID }));
  const { user, system } = process.cpuUsage()
  const wallSeconds = (performance.now() - startMillis) / 1000
  return { cpuSeconds: (user + system) / 1e6, wallSeconds }
}

/** The CPU is that of all threads: of reading, of decoding, and of DuckDB. */
async function build(options) {
  const idleBytes = process.memoryUsage.rss()
  const startMillis = performance.now()
  const query = await open(options)
  const wallSeconds = (performance.now() - startMillis) / 1000
  const { user, system } = process.cpuUsage()
  const { rows } = await query.run('SELECT count(*) AS spans FROM spans')
  if (Number(rows[0].spans) !== options.spans) throw new Error(`built ${rows[0].spans} spans`)
  await query.close()
  const peakBytes = process.resourceUsage().maxRSS * 1024
  const peakMegabytes = (peakBytes - idleBytes) / 1e6
  return { cpuSeconds: (user + system) / 1e6, wallSeconds, peakMegabytes }
}

async function ask(options) {
  const idleBytes = process.memoryUsage.rss()
  const query = await open(options)
  const millis = {}
  for (const [name, sql] of Object.entries(QUESTIONS)) {
    millis[name] = await timesOf(options.rounds, () => query.run(sql))
  }
  const { rows } = await query.run(
    `SELECT trace_id FROM spans USING SAMPLE reservoir(${ASKED_TRACES} ROWS) REPEATABLE (1)`,
  )
  const traceIds = rows.map((row) => row.trace_id)
  millis['a trace by its id'] = await timesOf(ASKED_TRACES, async (round) => {
    const id = traceIds[round % traceIds.length]
    const found = await query.run(
      `SELECT * FROM spans WHERE trace_id = '${id}' ORDER BY start_time`,
    )
    if (!found.rows.length) throw new Error(`trace ${id} is not found`)
  })
  await query.close()
  const peakBytes = process.resourceUsage().maxRSS * 1024
  return { millis, peakMegabytes: (peakBytes - idleBytes) / 1e6 }
}

async function find(options) {
  const startMillis = performance.now()
  const query = await open(options)
  const millis = performance.now() - startMillis
  await query.close()
  return { millis }
}

/** The first is left out: it reads from disk. */
async function timesOf(rounds, work) {
  const times = []
  for (let round = -1; round < rounds; round++) {
    const startMillis = performance.now()
    await work(Math.max(0, round))
    if (round >= 0) times.push(performance.now() - startMillis)
  }
  return times
}

function bytesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((bytes, { parentPath, name }) => bytes + statSync(join(parentPath, name)).size, 0)
}

function reportOf({ decoded, built, found, asked }, { spans, store, cache }) {
  const rows = Object.entries(asked.millis).map(([question, times]) => [
    question,
    median(times).toFixed(1),
    Math.max(...times).toFixed(1),
  ])
  const medianOfQuestion = (question) => median(asked.millis[question])
  return {
    tables: [
      {
        title: `The database of ${spans.toLocaleString('en-US')} spans`,
        columns: ['', 'CPU s', 's', 'MB above idle, peak', 'MB'],
        rows: [
          ['its segments', '', '', '', (bytesIn(store) / 1e6).toFixed(0)],
          [
            'reading and decoding them',
            decoded.cpuSeconds.toFixed(1),
            decoded.wallSeconds.toFixed(1),
            '',
            '',
          ],
          [
            'building it',
            built.cpuSeconds.toFixed(1),
            built.wallSeconds.toFixed(1),
            built.peakMegabytes.toFixed(0),
            (bytesIn(cache) / 1e6).toFixed(0),
          ],
          ['finding it again', '', (found.millis / 1000).toFixed(2), '', ''],
        ],
      },
      { title: 'Asking it', columns: ['question', 'ms, median', 'ms, longest'], rows },
    ],
    figures: [
      {
        name: 'built, spans per CPU second',
        value: Math.round(spans / built.cpuSeconds),
        atLeast: 60_000,
      },
      {
        name: 'CPU of building : of reading and decoding alone',
        value: built.cpuSeconds / decoded.cpuSeconds,
      },
      {
        name: 'group by service, with p99, ms',
        value: medianOfQuestion('group by service, with p99'),
        atMost: 100,
      },
      { name: 'a trace by its id, ms', value: medianOfQuestion('a trace by its id'), atMost: 20 },
      { name: 'asking, MB above idle, peak', value: Math.round(asked.peakMegabytes) },
    ],
    notes: [
      'CPU of building: all threads of a new process, from its start, so with reading, inflating and decoding',
      'asking: the time until all rows are JavaScript values, in a process that has one database open',
    ],
  }
}

const STEPS = { decode, build, find, ask }
const [, , step, parameters] = process.argv
if (Object.hasOwn(STEPS, step)) {
  const result = await STEPS[step](JSON.parse(parameters))
  process.stdout.write(JSON.stringify(result))
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// node notebook.js [session]: asks a session, or the newest that is completed, one cell after
// another, from what is in it to the traces that show what is wrong with it.
import {
  analyzeSession,
  createTraceIndex,
  listAvailableReplays,
  openQuery,
  recentSpans,
} from 'otel-tape'

const [sessionId = await newestSession()] = process.argv.slice(2)

// In [1]: what is in it, and how fast is each service?
const query = await openQuery({ sessions: sessionId })
const services = await query.run(`
  SELECT service_name, count(*) AS spans,
         count(*) FILTER (status_code = 'ERROR') AS errors,
         round(quantile_cont(duration_millis, 0.5), 1) AS p50_millis,
         round(quantile_cont(duration_millis, 0.99), 1) AS p99_millis
  FROM spans GROUP BY service_name ORDER BY spans DESC`)
console.table(services.rows)

// In [2]: which operations are the slowest, and in which trace is it seen?
const slowest = await query.run(`
  SELECT service_name, name, round(max(duration_millis), 1) AS millis,
         arg_max(trace_id, duration_nanos) AS trace_id
  FROM spans GROUP BY ALL ORDER BY millis DESC LIMIT 5`)
console.table(slowest.rows)
await query.close()

// In [3]: who calls whom, and what is odd about it?
const { graph, patterns, anomalies } = await analyzeSession(sessionId)
console.table(
  graph.edges.map(({ from, to, calls, errors, duration }) => {
    return { from, to, calls, errors, p95Millis: duration.p95Millis }
  }),
)
for (const { summary } of [...anomalies, ...patterns].slice(0, 5)) console.log('-', summary)

// In [4]: find traces by what happened in them.
const index = createTraceIndex()
await index.initialize()
await index.ingestSession(sessionId)
const found = await index.searchTraces('slow request or timeout', { limit: 3 })
for (const { traceId, similarity, content } of found) {
  console.log(similarity.toFixed(2), traceId, content)
}
await index.close()

// In [5]: what arrived last?
for (const { serviceName, name, durationNanos } of await recentSpans(sessionId, 5)) {
  console.log(serviceName, name, Number(durationNanos) / 1e6, 'ms')
}

async function newestSession() {
  const sessions = await listAvailableReplays()
  const newest = sessions.sort((a, b) => (a.startTime < b.startTime ? 1 : -1))[0]
  if (newest) return newest.sessionId
  console.error('there is no completed session: record one first, or set OTEL_TAPE_STORE')
  process.exit(1)
}

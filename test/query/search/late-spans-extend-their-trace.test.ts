// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { failed, idsOf, makeTrace, openIndex } from './made-traces'

const trace = makeTrace(
  't',
  { name: 'POST /orders' },
  { name: 'reserve stock', serviceName: 'inventory' },
  failed('PSQLException', 'deadlock detected', { name: 'INSERT orders' }),
  { name: 'send mail', serviceName: 'mail' },
)

test('spans that come later, twice, or in any order make the same trace', async () => {
  await using whole = await openIndex()
  await whole.ingestTrace(trace)
  const expected = await whole.getTraceById('t')
  const portions = fc.array(fc.subarray(trace.spans, { minLength: 1 }), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(portions, async (parts) => {
      await using index = await openIndex()
      for (const spans of [...parts, trace.spans]) await index.ingestTrace({ traceId: 't', spans })
      expect(await index.getTraceById('t')).toEqual(expected)
      expect(index.status()).toMatchObject({ traceCount: 1, spanCount: 4, contentCount: 1 })
      expect(await index.searchTraces('deadlock')).toEqual(await whole.searchTraces('deadlock'))
    }),
    { numRuns: 20 },
  )
})

test('what came late is found, and what became of each is told', async () => {
  await using index = await openIndex()
  const [first, ...later] = trace.spans
  expect(await index.ingestTrace({ traceId: 't', spans: [first] })).toMatchObject({
    outcome: 'added',
  })
  expect(await index.searchTraces('deadlock')).toEqual([])
  expect(await index.ingestTrace({ traceId: 't', spans: later })).toMatchObject({
    outcome: 'extended',
  })
  expect(await index.ingestTrace(trace)).toMatchObject({ outcome: 'unchanged' })
  const [result] = await index.searchTraces('deadlock')
  expect(result).toMatchObject({ traceId: 't', spanCount: 4, isError: true })
})

test('spans without ids count once, too', async () => {
  await using index = await openIndex()
  const spans = trace.spans.map(({ name, startTimeUnixNano }) => ({ name, startTimeUnixNano }))
  await index.ingestTrace({ traceId: 't', spans })
  await index.ingestTrace({ traceId: 't', spans })
  expect(index.status().spanCount).toBe(4)
})

test('parts of one trace in one batch are one trace', async () => {
  await using index = await openIndex()
  const result = await index.ingestBatch(
    trace.spans.map((span) => ({ traceId: 't', spans: [span] })),
  )
  expect(result).toMatchObject({ successCount: 4, errorCount: 0 })
  expect(index.status()).toMatchObject({ traceCount: 1, spanCount: 4 })
  expect(idsOf(await index.searchTraces('mail'))).toEqual(['t'])
})

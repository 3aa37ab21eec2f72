// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { QueryError } from '../../../src/query/query-error'
import type { TraceInput } from '../../../src/query/search/trace-input'
import { START, makeTrace, openIndex } from './made-traces'

const span = { name: 'a', startTimeUnixNano: START }

/** What JavaScript may be given in place of a trace. */
const WRONG: [what: string, trace: unknown, field: string][] = [
  ['nothing', undefined, 'trace'],
  ['a text', 'trace', 'trace'],
  ['an empty list', [], 'spans[0]'],
  ['a list of plain spans', [span], 'spans[0]'],
  ['no id', { spans: [span] }, 'traceId'],
  ['an empty id', { traceId: '', spans: [span] }, 'traceId'],
  ['an id that is a number', { trace_id: 7, spans: [span] }, 'traceId'],
  ['an id that is too long', { traceId: 'x'.repeat(200), spans: [span] }, 'traceId'],
  ['no spans', { traceId: 't' }, 'spans'],
  ['an empty trace', { traceId: 't', spans: [] }, 'spans'],
  ['a span that is null', { traceId: 't', spans: [span, null] }, 'spans[1]'],
  [
    'a span without a name',
    { traceId: 't', spans: [{ startTimeUnixNano: START }] },
    'spans[0].name',
  ],
  ['no time', { traceId: 't', spans: [{ name: 'a' }] }, 'spans[0].startTimeUnixNano'],
  [
    'a bad time',
    { traceId: 't', spans: [{ name: 'a', start_time: 'soon' }] },
    'spans[0].start_time',
  ],
  ['a bad end', { traceId: 't', spans: [{ ...span, end_time: 'late' }] }, 'spans[0].end_time'],
  [
    'a bad status',
    { traceId: 't', spans: [{ ...span, status: { code: 7 } }] },
    'spans[0].status.code',
  ],
  [
    'bad attributes',
    { traceId: 't', spans: [{ ...span, attributes: 'x' }] },
    'spans[0].attributes',
  ],
  [
    'an attribute without a key',
    { traceId: 't', spans: [{ ...span, attributes: [{}] }] },
    'spans[0].attributes[0].key',
  ],
  ['bad events', { traceId: 't', spans: [{ ...span, events: {} }] }, 'spans[0].events'],
  [
    'an event without a name',
    { traceId: 't', spans: [{ ...span, events: [{}] }] },
    'spans[0].events[0].name',
  ],
  ['a bad service', { traceId: 't', spans: [{ ...span, serviceName: 5 }] }, 'spans[0].serviceName'],
  ['a bad embedding', { traceId: 't', spans: [span], embedding: [1, NaN] }, 'embedding'],
  ['an embedding that is text', { traceId: 't', spans: [span], embedding: 'x' }, 'embedding'],
]

describe('what is no trace', () => {
  test.each(WRONG)('%s: the error names the field', async (_what, trace, field) => {
    await using index = await openIndex()
    const failure = await index.ingestTrace(trace as TraceInput).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(QueryError)
    expect(failure).toMatchObject({ reason: 'InvalidTrace' })
    expect((failure as QueryError).message).toContain(`'${field}' has to be`)
    expect(index.status().traceCount).toBe(0)
  })

  test('spoils no other of its batch, and is told with its place', async () => {
    await using index = await openIndex()
    const traces = WRONG.flatMap(([, trace], at) => [trace, makeTrace(`good ${at}`, {})])
    const result = await index.ingestBatch(traces as TraceInput[])
    expect(result).toMatchObject({ successCount: WRONG.length, errorCount: WRONG.length })
    expect(result.errors.map(({ index }) => index)).toEqual(WRONG.map((_, at) => at * 2))
    expect(result.errors.at(-1)).toMatchObject({ traceId: 't', error: { reason: 'InvalidTrace' } })
    expect(index.status().traceCount).toBe(WRONG.length)
  })

  test('is a batch that can not be walked through', async () => {
    await using index = await openIndex()
    for (const batch of [undefined, 5, {}, 'abc']) {
      await expect(index.ingestBatch(batch as unknown as TraceInput[])).rejects.toMatchObject({
        reason: 'InvalidTrace',
      })
    }
  })

  test('is an embedding of zeros, or of other dimensions than the first', async () => {
    await using index = await openIndex()
    const ingest = (id: string, embedding: number[]) =>
      index.ingestTrace({ ...makeTrace(id, {}), embedding })
    await ingest('a', [1, 0, 0])
    await expect(ingest('b', [0, 0, 0])).rejects.toMatchObject({ reason: 'EmbeddingFailure' })
    await expect(ingest('c', [1, 0])).rejects.toMatchObject({ reason: 'EmbeddingFailure' })
    expect(index.status().traceCount).toBe(1)
  })
})

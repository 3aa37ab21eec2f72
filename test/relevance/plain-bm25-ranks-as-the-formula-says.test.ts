// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SpanStatusCode } from '@opentelemetry/api'
import type { CorpusTrace } from './corpus/lay-out-trace'
import { createNamesOnly, createPlainBm25 } from './rankers/bm25-ranker'

describe('plain BM25 ranks as the formula says', () => {
  it('a rare word above a common one, a short trace above a long one', async () => {
    const ranker = createPlainBm25()
    await ranker.add([
      trace('common', 'GET', { a: 'timeout' }),
      trace('long', 'GET', { a: 'deadlock', b: 'one two' }),
      trace('short', 'GET', { a: 'deadlock' }),
      trace('other', 'GET', { a: 'timeout' }),
      trace('neither', 'GET', { a: 'fine' }),
      trace('third', 'GET', { a: 'timeout' }),
    ])
    // By hand: 1.18 (short), 0.855 (long), and 0.722 for those with the common word.
    const found = await ranker.search('deadlock timeout', 4)
    expect(found).toEqual(['short', 'long', 'common', 'other'])
    await ranker.close()
  })

  it('a word in camel case is the words it is made of', async () => {
    const ranker = createPlainBm25()
    await ranker.add([
      trace('oom', 'GET', { type: 'java.lang.OutOfMemoryError' }),
      trace('x', 'GET'),
    ])
    expect(await ranker.search('memory', 10)).toEqual(['oom'])
    expect(await ranker.search('nothing', 10)).toEqual([])
    await ranker.close()
  })

  it('names only knows names only', async () => {
    const ranker = createNamesOnly()
    await ranker.add([trace('a', 'GET', { a: 'deadlock' }), trace('b', 'DeadlockDetector.scan')])
    expect(await ranker.search('deadlock', 10)).toEqual(['b'])
    await ranker.close()
  })
})

function trace(
  traceId: string,
  name: string,
  attributes: Record<string, string> = {},
): CorpusTrace {
  const span = {
    spanId: '1',
    parentSpanId: undefined,
    name,
    kind: 2,
    startTimeUnixNano: 1n,
    endTimeUnixNano: 2n,
    attributes,
    status: { code: SpanStatusCode.UNSET },
    events: [],
    serviceName: 'shop',
  }
  return { traceId, spans: [span] }
}

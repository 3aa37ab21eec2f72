// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { ownShares } from '../../../src/query/analysis/anomalies/self-times'
import { readSessionModel } from '../../../src/query/analysis/read-session-model'
import { requestFromJson } from '../../../src/otlp/json-to-protobuf'
import { MemoryStore } from '../../../src/storage/memory-store'
import { EPOCH_MILLIS, recordSession } from '../../support/recording'

interface Drawn {
  /** The number of an earlier span, or none. */
  readonly parent: number
  readonly start: number
  readonly length: number
  readonly failed: boolean
}

const span = fc.record<Drawn>({
  parent: fc.integer({ min: -1, max: 7 }),
  start: fc.nat(40),
  length: fc.nat(30),
  failed: fc.boolean(),
})

/** Millisecond by millisecond, whether any child runs. */
function selfOf(spans: readonly Drawn[], number: number): number {
  const { start, length } = spans[number]
  const children = spans.filter((other) => other.parent === number)
  let millis = 0
  for (let at = start; at < start + length; at++) {
    if (!children.some((child) => at >= child.start && at < child.start + child.length)) millis++
  }
  return millis
}

async function recorded(spans: readonly Drawn[]): Promise<MemoryStore> {
  const store = new MemoryStore()
  const idOf = (number: number): string => (number + 1).toString(16).padStart(16, '0')
  const body = requestFromJson(
    {
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: spans.map(({ parent, start, length, failed }, number) => ({
                traceId: '0af7651916cd43dd8448eb211c80319c',
                spanId: idOf(number),
                ...(parent >= 0 && { parentSpanId: idOf(parent) }),
                name: String(number),
                startTimeUnixNano: `${EPOCH_MILLIS + start}000000`,
                endTimeUnixNano: `${EPOCH_MILLIS + start + length}000000`,
                status: { code: failed ? 2 : 0 },
              })),
            },
          ],
        },
      ],
    },
    'traces',
  )
  const capturedAtUnixNano = BigInt(EPOCH_MILLIS) * 1_000_000n
  await recordSession(store, 'drawn', [{ signal: 'traces', body, capturedAtUnixNano }])
  return store
}

test('self times and own failures are those of a slow and obvious count', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(span, { minLength: 1, maxLength: 8 }), async (drawn) => {
      const spans = drawn.map((one, number) => ({
        ...one,
        parent: one.parent < number ? one.parent : -1,
      }))
      const model = await readSessionModel({ store: await recorded(spans), sessionId: 'drawn' })
      const { selfMillis, failedItself } = ownShares(model)
      for (let row = 0; row < model.spans.count; row++) {
        const number = Number(model.operations[model.spans.operation[row]].name)
        const hasFailedChild = spans.some(({ parent, failed }) => parent === number && failed)
        expect(selfMillis[row]).toBeCloseTo(selfOf(spans, number), 6)
        expect(failedItself[row]).toBe(spans[number].failed && !hasFailedChild ? 1 : 0)
      }
    }),
    { numRuns: 30 },
  )
})

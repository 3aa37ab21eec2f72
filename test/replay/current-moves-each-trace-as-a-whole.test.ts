// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { MemoryStore } from '../../src/storage/memory-store'
import { decodeIndependently } from '../support/independent-decoder'
import { EPOCH_MILLIS, createWriter, makeBatch } from '../support/recording'
import { replayInFakeTime } from './replay-in-fake-time'

interface Piece {
  trace: number
  writer: number
  arrivalMillis: number
  ageMillis: number
  endsSegment: boolean
}

const TRACE_IDS = [1, 2, 3].map((digit) => String(digit).repeat(32))

const arbitraryPieces = fc
  .array(
    fc.record<Piece>({
      trace: fc.nat(2),
      writer: fc.nat(1),
      arrivalMillis: fc.nat(100_000),
      ageMillis: fc.nat(5_000),
      endsSegment: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((pieces) => pieces.sort((a, b) => a.arrivalMillis - b.arrivalMillis))

/** Each piece is a span in a batch of its own, written by one of two processes. */
async function record(pieces: Piece[]): Promise<MemoryStore> {
  const store = new MemoryStore()
  const writers = [createWriter(store, 'traces'), createWriter(store, 'traces')]
  await Promise.all(writers.map(({ ready }) => ready))
  for (const [
    index,
    { trace, writer, arrivalMillis, ageMillis, endsSegment },
  ] of pieces.entries()) {
    const atMillis = EPOCH_MILLIS + arrivalMillis - ageMillis
    writers[writer].write({
      ...makeBatch('traces', { names: [`${index}`], traceId: TRACE_IDS[trace], atMillis }),
      capturedAtUnixNano: BigInt(EPOCH_MILLIS + arrivalMillis) * 1_000_000n,
    })
    if (endsSegment) await writers[writer].flush(AbortSignal.timeout(5_000))
  }
  for (const writer of writers) await writer.close(AbortSignal.timeout(5_000))
  return store
}

interface Span {
  name: string
  traceId: Buffer
  startTimeUnixNano: string
  endTimeUnixNano: string
}

function onlySpanOf(body: Uint8Array): Span {
  const request = decodeIndependently('traces', body) as {
    resourceSpans: { scopeSpans: { spans: Span[] }[] }[]
  }
  return request.resourceSpans[0].scopeSpans[0].spans[0]
}

test.each([0.5, 1, 20, Infinity])(
  'across batches, segments and writers, at speed %d',
  async (speedMultiplier) => {
    await fc.assert(
      fc.asyncProperty(arbitraryPieces, async (pieces) => {
        const store = await record(pieces)
        const { arrivals } = await replayInFakeTime({
          sessionId: 'traces',
          store,
          timestampAdjustment: 'current',
          speedMultiplier,
        })
        expect(arrivals).toHaveLength(pieces.length)
        const offsets = new Map<string, bigint>()
        for (const { body, receivedAtUnixNano } of arrivals) {
          const span = onlySpanOf(body)
          const { arrivalMillis, ageMillis } = pieces[Number(span.name)]
          const capturedUnixNano = BigInt(EPOCH_MILLIS + arrivalMillis - ageMillis) * 1_000_000n
          const offset = BigInt(span.startTimeUnixNano) - capturedUnixNano
          const trace = span.traceId.toString('hex')
          if (!offsets.has(trace)) {
            // The first batch of a trace is as fresh as it was.
            const age = receivedAtUnixNano - BigInt(span.startTimeUnixNano)
            expect(age).toBe(BigInt(ageMillis) * 1_000_000n)
            offsets.set(trace, offset)
          }
          expect(offset).toBe(offsets.get(trace))
          expect(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)).toBe(5_000_000n)
        }
      }),
      { numRuns: 12 },
    )
  },
)

test('what belongs to no trace moves with its batch', async () => {
  const store = new MemoryStore()
  const writer = createWriter(store, 'traces')
  for (const seconds of [0, 10, 20]) {
    writer.write(makeBatch('logs', { names: ['a'], atMillis: EPOCH_MILLIS + seconds * 1000 }))
    writer.write(makeBatch('metrics', { names: ['a'], atMillis: EPOCH_MILLIS + seconds * 1000 }))
  }
  await writer.close(AbortSignal.timeout(5_000))
  const { arrivals } = await replayInFakeTime({
    sessionId: 'traces',
    store,
    timestampAdjustment: 'current',
    speedMultiplier: 2,
  })
  expect(arrivals).toHaveLength(6)
  for (const { signal, body, receivedAtUnixNano } of arrivals) {
    const text = JSON.stringify(decodeIndependently(signal, body))
    expect(text).toContain(`"timeUnixNano":"${receivedAtUnixNano}"`)
  }
})

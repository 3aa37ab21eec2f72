// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type { ReplayConfig } from '../../src/replay/replay-config'
import { startReplayBy } from '../../src/replay/start-replay'
import { createTraceOffsets } from '../../src/replay/trace-offsets'
import { MemoryStore } from '../../src/storage/memory-store'
import { decodeIndependently } from '../support/independent-decoder'
import { EPOCH_MILLIS, createWriter, makeBatch, recordSession } from '../support/recording'
import { FakeClock, turnsOfTheLoop } from './fake-clock'
import { openTarget } from './otlp-target'
import { timesIn } from './times-in'

const HOUR_MILLIS = 3_600_000

interface Arrival {
  readonly body: Buffer
  readonly receivedAtUnixNano: bigint
}

/**
 * Replays by a clock that jumps, is interrupted when so many batches have arrived, rests for an
 * hour, and is resumed. What each run brought.
 */
async function interruptAndResume(
  config: Omit<ReplayConfig, 'targetEndpoint' | 'receipt'>,
  batches: number,
): Promise<[first: Arrival[], second: Arrival[]]> {
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-resume-'))
  const arrivals: Arrival[] = []
  let sent = 0
  const clock = new FakeClock({
    jumps: true,
    settled: async () => {
      await turnsOfTheLoop()
      await target.received(sent)
    },
  })
  await using target = await openTarget(undefined, ({ body }) => {
    arrivals.push({ body, receivedAtUnixNano: clock.nowUnixNano() })
  })
  try {
    const receipt = join(folder, 'receipt.jsonl')
    const shared = { ...config, receipt, concurrency: 1, targetEndpoint: target.url }
    const first = startReplayBy(clock, shared)
    first.on('batch', ({ sequenceNumber }) => {
      if (sequenceNumber === batches) first.cancel()
      else sent++
    })
    await first.finished
    const inFirst = arrivals.splice(0)
    await clock.wait(HOUR_MILLIS)
    const second = startReplayBy(clock, { ...shared, resume: true })
    second.on('batch', () => sent++)
    await second.finished
    return [inFirst, arrivals]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test.each([0.5, 1, 4, Infinity])(
  'relative: the offset of the first run, and the gaps from where it stopped, at speed %d',
  async (speedMultiplier) => {
    const store = new MemoryStore()
    const seconds = [0, 10, 25, 60, 61]
    await recordSession(
      store,
      'paced',
      seconds.map((at) => makeBatch('logs', { names: ['a'], atMillis: EPOCH_MILLIS + at * 1000 })),
    )
    const [first, second] = await interruptAndResume(
      { sessionId: 'paced', store, speedMultiplier },
      2,
    )
    expect([first.length, second.length]).toEqual([2, 3])
    const offsets = [...first, ...second].map(({ body }, index) => {
      const [time] = timesIn(decodeIndependently('logs', body)).filter((unixNano) => unixNano > 0n)
      return time - BigInt(EPOCH_MILLIS + seconds[index] * 1000) * 1_000_000n
    })
    expect(new Set(offsets).size).toBe(1)
    const start = second[0].receivedAtUnixNano
    expect(start - first[1].receivedAtUnixNano).toBeGreaterThan(
      BigInt(HOUR_MILLIS - 1) * 1_000_000n,
    )
    second.forEach(({ receivedAtUnixNano }, index) => {
      const gapSeconds = (seconds[2 + index] - seconds[2]) / speedMultiplier
      expect(Number(receivedAtUnixNano - start) / 1e9).toBeCloseTo(gapSeconds, 3)
    })
  },
)

const TRACE_IDS = [1, 2, 3, 4].map((digit) => String(digit).repeat(32))

interface Span {
  traceId: Buffer
  name: string
  startTimeUnixNano: string
}

test('current: a trace of which a part had been sent stays whole', async () => {
  const scenario = fc.record({
    traces: fc.array(fc.nat(3), { minLength: 2, maxLength: 12 }),
    stopsAfter: fc.nat(10),
    speedMultiplier: fc.constantFrom(1, 20, Infinity),
  })
  await fc.assert(
    fc.asyncProperty(scenario, async ({ traces, stopsAfter, speedMultiplier }) => {
      const store = new MemoryStore()
      const writer = createWriter(store, 'traces')
      for (const [index, trace] of traces.entries()) {
        const atMillis = EPOCH_MILLIS + index * 1000
        const content = { names: [`${index}`], traceId: TRACE_IDS[trace], atMillis }
        writer.write(makeBatch('traces', content))
        if (index % 4 === 3) await writer.flush(AbortSignal.timeout(5_000))
      }
      await writer.close(AbortSignal.timeout(5_000))
      const config = { sessionId: 'traces', store, timestampAdjustment: 'current' as const }
      const [first, second] = await interruptAndResume({ ...config, speedMultiplier }, stopsAfter)
      expect(first).toHaveLength(Math.min(stopsAfter, traces.length))
      expect(first.length + second.length).toBe(traces.length)
      const offsets = new Map<string, bigint>()
      for (const { body } of [...first, ...second]) {
        const { traceId, name, startTimeUnixNano } = onlySpanOf(body)
        const captured = BigInt(EPOCH_MILLIS + Number(name) * 1000) * 1_000_000n
        const offset = BigInt(startTimeUnixNano) - captured
        const trace = traceId.toString('hex')
        expect(offset).toBe(offsets.get(trace) ?? offset)
        offsets.set(trace, offset)
      }
    }),
    { numRuns: 10 },
  )
})

function onlySpanOf(body: Uint8Array): Span {
  const request = decodeIndependently('traces', body) as {
    resourceSpans: { scopeSpans: { spans: Span[] }[] }[]
  }
  return request.resourceSpans[0].scopeSpans[0].spans[0]
}

test('what is remembered of traces is the same when it has been kept and read', () => {
  const visits = fc.array(fc.record({ trace: fc.nat(12), offset: fc.bigInt(-5n, 5n) }))
  const idOf = (trace: number): Uint8Array => new Uint8Array(16).fill(trace + 1)
  fc.assert(
    fc.property(visits, visits, (before, after) => {
      const kept: { id: Uint8Array; offset: bigint }[] = []
      const offsets = createTraceOffsets(3, (bytes, start, offset) =>
        kept.push({ id: bytes.slice(start, start + 16), offset }),
      )
      for (const { trace, offset } of before) offsets.offsetOf(idOf(trace), 0, offset)
      const restored = createTraceOffsets(3)
      for (const { id, offset } of kept) restored.offsetOf(id, 0, offset)
      for (const { trace, offset } of after) {
        const expected = offsets.offsetOf(idOf(trace), 0, offset)
        expect(restored.offsetOf(idOf(trace), 0, offset)).toBe(expected)
      }
    }),
  )
})

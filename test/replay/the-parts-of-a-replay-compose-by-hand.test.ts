// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace'
import { MalformedOtlpError } from '../../src/otlp/malformed-otlp-error'
import type { OtlpBatch } from '../../src/otlp/otlp-batch'
import type { RejectedBatch } from '../../src/replay/batch-sink'
import { exporterSink } from '../../src/replay/exporter-sink'
import { filterBatches } from '../../src/replay/filter-batches'
import { otlpHttpSink } from '../../src/replay/otlp-http-sink'
import { pace } from '../../src/replay/pace'
import type { ReplayBatch } from '../../src/replay/replay-batch'
import { rewriteBatchIds } from '../../src/replay/rewrite-batch-ids'
import { shiftCurrent } from '../../src/replay/shift-current'
import { shiftRelative } from '../../src/replay/shift-relative'
import { transformBatches } from '../../src/replay/transform-batches'
import { decodeIndependently } from '../support/independent-decoder'
import { EPOCH_MILLIS, makeBatch } from '../support/recording'
import { openTarget } from './otlp-target'

const BATCHES = [0, 1, 2, 3].map((index) =>
  makeBatch(index % 2 ? 'logs' : 'traces', {
    names: [`${index}`],
    service: index < 2 ? 'checkout' : 'payment',
    atMillis: EPOCH_MILLIS + index * 5,
  }),
)
const MALFORMED: OtlpBatch = {
  signal: 'traces',
  body: Buffer.from([0x0a, 0x7f]),
  capturedAtUnixNano: BigInt(EPOCH_MILLIS) * 1_000_000n,
}

const source = (...batches: OtlpBatch[]): Readable => Readable.from(batches)

async function through(
  batches: OtlpBatch[],
  ...stages: ReturnType<typeof transformBatches>[]
): Promise<ReplayBatch[]> {
  const passed: ReplayBatch[] = []
  const collect = transformBatches((batch) => void passed.push(batch))
  await pipeline([source(...batches), ...stages, collect])
  return passed
}

test('source, filter, ids, pace, shift, sink', async () => {
  await using target = await openTarget()
  const before = BigInt(Date.now()) * 1_000_000n
  await pipeline(
    source(...BATCHES),
    filterBatches({ services: ['payment'] }),
    rewriteBatchIds({ seed: 'again' }),
    pace({ speedMultiplier: 10 }),
    shiftRelative({ speedMultiplier: 10, lastArrivalUnixNano: BATCHES[3].capturedAtUnixNano }),
    otlpHttpSink({ targetEndpoint: `${target.url}/prefix/`, concurrency: 1 }),
  )
  expect(target.requests.map(({ path }) => path)).toEqual(['/prefix/v1/traces', '/prefix/v1/logs'])
  const text = JSON.stringify(decodeIndependently('traces', target.requests[0].body))
  const start = BigInt(/"startTimeUnixNano":"(\d+)"/.exec(text)?.[1] ?? 0)
  expect(start).toBeGreaterThan(before - 1_000_000_000n)
  expect(start).toBeLessThanOrEqual(BigInt(Date.now() + 1) * 1_000_000n)
})

test('a filter takes signals and services, and tells what did not pass', async () => {
  const filtered: [number, string][] = []
  const onFiltered = (itemCount: number, signal: string) => void filtered.push([itemCount, signal])
  const passed = await through(
    BATCHES,
    filterBatches({ services: ['checkout'], signals: ['traces'], onFiltered }),
  )
  expect(passed).toEqual([BATCHES[0]])
  expect(filtered).toEqual([
    [1, 'logs'],
    [1, 'traces'],
    [1, 'logs'],
  ])
})

test('ids are the same for the same seed, and others for none', async () => {
  const idsOf = async (seed?: string) => {
    const [{ body }] = await through([BATCHES[0]], rewriteBatchIds({ seed }))
    return /"traceId":({.*?})/.exec(JSON.stringify(decodeIndependently('traces', body)))?.[1]
  }
  expect(await idsOf('a')).toBe(await idsOf('a'))
  expect(await idsOf('a')).not.toBe(await idsOf('b'))
  expect(await idsOf()).not.toBe(await idsOf())
})

test.each([
  ['filterBatches', filterBatches, { services: ['x'] }],
  ['rewriteBatchIds', rewriteBatchIds, {}],
  ['shiftRelative', shiftRelative, {}],
  ['shiftCurrent', shiftCurrent, {}],
])('%s leaves out what is no OTLP when told to, else ends', async (_name, stage, options) => {
  await expect(through([MALFORMED], stage(options))).rejects.toThrow(MalformedOtlpError)
  const malformed: ReplayBatch[] = []
  const onMalformed = (batch: ReplayBatch) => void malformed.push(batch)
  const passed = await through([MALFORMED], stage({ ...options, onMalformed }))
  expect({ passed, malformed }).toEqual({ passed: [], malformed: [MALFORMED] })
})

test('a stage that fails ends the stream with its error', async () => {
  const failing = transformBatches(async () => {
    throw new Error('a bug')
  })
  await expect(through(BATCHES, failing)).rejects.toThrow('a bug')
})

test('above speed 1 a relative shift has to know the last arrival', () => {
  const shift = () => shiftRelative({ speedMultiplier: 2 })
  expect(shift).toThrow('set lastArrivalUnixNano')
  expect(shift).toThrow('getCaptureStatus()')
  expect(shift).toThrow("timestampAdjustment: 'relative'")
})

test('a speed that is none is refused', () => {
  expect(() => pace({ speedMultiplier: 0 })).toThrow(
    'has to be a number above 0 or Infinity, got 0',
  )
})

test('a sink ends with what is refused, unless somebody listens', async () => {
  const refuse = () =>
    openTarget((response) => void response.writeHead(400, { 'content-length': 0 }).end())
  await using strict = await refuse()
  const ended = pipeline(source(...BATCHES), otlpHttpSink({ targetEndpoint: strict.url }))
  await expect(ended).rejects.toMatchObject({
    reason: 'IngestionFailure',
    message: `1 span did not arrive: ${strict.url}/v1/traces answered 400`,
  })
  await using lenient = await refuse()
  const rejected: RejectedBatch[] = []
  const onRejected = (batch: RejectedBatch) => void rejected.push(batch)
  await pipeline(source(...BATCHES), otlpHttpSink({ targetEndpoint: lenient.url, onRejected }))
  expect(rejected.map(({ itemCount }) => itemCount)).toEqual([1, 1, 1, 1])
})

test('no more batches are under way than a sink is told', async () => {
  let underWay = 0
  let most = 0
  const waiting: (() => void)[] = []
  await using target = await openTarget((response) => {
    most = Math.max(most, ++underWay)
    waiting.push(() => {
      underWay--
      response.writeHead(200).end()
    })
    // Answers go out when nothing more comes, oldest first.
    setImmediate(() => setImmediate(() => waiting.shift()?.()))
  })
  const many = Array.from({ length: 40 }, () => BATCHES[0])
  await pipeline(source(...many), otlpHttpSink({ targetEndpoint: target.url, concurrency: 4 }))
  expect(target.requests).toHaveLength(40)
  expect(most).toBeGreaterThan(1)
  expect(most).toBeLessThanOrEqual(4)
})

test('spans go to an exporter', async () => {
  const exporter = new InMemorySpanExporter()
  await pipeline(
    source(...BATCHES),
    filterBatches({ signals: ['traces'] }),
    exporterSink({ traces: exporter }),
  )
  expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['0', '2'])
})

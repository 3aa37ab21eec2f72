// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { PositionRanges } from '../../src/replay/position-ranges'
import { readReceipt } from '../../src/replay/read-receipt'
import { openReceipt } from '../../src/replay/receipt'
import { formatHeader } from '../../src/replay/receipt-header'
import {
  type ReceiptLine,
  formatBatch,
  formatObject,
  formatOffset,
  formatTraces,
  parseReceiptLine,
} from '../../src/replay/receipt-line'
import { ReplayError } from '../../src/replay/replay-error'
import { createTraceOffsets } from '../../src/replay/trace-offsets'

let folder: string
let path: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-receipt-'))
  path = join(folder, 'receipt.jsonl')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const identity = { sessionId: 'tape', store: 'memory:' }
const header = { createdAt: '2026-01-02T03:04:05Z', replay: identity, idSeed: 'seed' }
const read = () => readReceipt(path, createTraceOffsets(10))
const open = (isResumed: boolean) =>
  openReceipt({ path, identity, isResumed }, AbortSignal.timeout(5_000))
const status = { status: 'cancelled' } as Parameters<Awaited<ReturnType<typeof open>>['close']>[0]

const count = fc.nat(1000)
const outcome = fc.record({
  position: fc.nat(20),
  sentItems: count,
  failedItems: count,
  filteredItems: count,
})

test('a line says what it was made of', () => {
  fc.assert(
    fc.property(count, outcome, fc.string(), fc.bigInt(-(2n ** 64n), 2n ** 64n), (...given) => {
      const [object, batch, key, offsetNanos] = given
      const traceIds = Buffer.alloc(32, object)
      const lines: [string, ReceiptLine][] = [
        [formatObject(object, key), { kind: 'object', object, key }],
        [formatBatch(object, batch), { kind: 'batch', object, ...batch }],
        [formatOffset(offsetNanos), { kind: 'offset', offsetNanos }],
        [formatTraces(offsetNanos, traceIds), { kind: 'traces', offsetNanos, traceIds }],
      ]
      for (const [text, line] of lines) {
        expect(text).not.toContain('\n')
        expect(parseReceiptLine(text)).toEqual(line)
      }
    }),
  )
})

test('cut off anywhere, it says what its whole lines say', async () => {
  const lines = [
    formatHeader(header),
    formatOffset(7n),
    formatObject(0, 'sessions/tape/raw/ü\u2028'),
    ...Array.from({ length: 6 }, (_, position) =>
      formatBatch(0, { position, sentItems: 2, failedItems: 0, filteredItems: position % 2 }),
    ),
  ]
  const whole = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const behindHeader = lines[0].length + 1
  for (let length = behindHeader; length <= whole.length; length++) {
    const start = whole.subarray(0, length)
    await writeFile(path, start)
    const { progress, endBytes } = await read()
    const wholeLines = start.toString('latin1').split('\n').length - 1
    expect(endBytes).toBe(start.lastIndexOf('\n') + 1)
    expect(progress.doneItems.sentItems).toBe(2 * Math.max(0, wholeLines - 3))
    expect(progress.offsetNanos).toBe(wholeLines > 1 ? 7n : undefined)
  }
})

test('what comes behind a torn line begins where that began', async () => {
  const first = await open(false)
  first.delivered({ ...BATCH, position: 0 }, 2, 0)
  await first.close(status)
  await appendFile(path, '[0,1,')
  const second = await open(true)
  second.delivered({ ...BATCH, position: 5 }, 2, 0)
  await second.close(status)
  const { progress } = await read()
  expect(progress.doneItems).toEqual({ sentItems: 4, failedItems: 0, filteredItems: 0 })
  expect([0, 1, 5].map((position) => progress.isDone('k', position))).toEqual([true, false, true])
  expect(await readFile(path, 'utf8')).not.toContain('[0,1,')
})

const BATCH = {
  ...{ signal: 'logs' as const, body: new Uint8Array(), capturedAtUnixNano: 0n },
  ...{ itemCount: 2, key: 'k' },
}

test('whatever is in the file, it is read or refused by a typed error', async () => {
  const piece = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom('[0,1,2]', '[9,1,2]', '{"object":0,"key":"a"}', '{"object":2,"key":"b"}', ''),
    fc.constantFrom('{"offsetNanos":"1e9"}', '{"offsetNanos":"1","traces":"AA=="}', '[0,-1,2]'),
    outcome.map((batch) => formatBatch(0, batch)),
  )
  const beginning = fc.constantFrom(formatHeader(header), '{"otelTapeReceipt":2}', '')
  await fc.assert(
    fc.asyncProperty(beginning, fc.array(piece), fc.boolean(), async (start, pieces, isTorn) => {
      await writeFile(path, [start, ...pieces].join('\n') + (isTorn ? '' : '\n'))
      const outcome = await read().catch((error: unknown) => error)
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(ReplayError)
        expect(outcome).toMatchObject({ reason: 'ReceiptUnusable' })
      }
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['a line in the middle', `${formatHeader(header)}\n[0,1\n[0,2,3]\n`, 'is damaged in line 2'],
  ['an object that nothing named', `${formatHeader(header)}\n[0,1,2]\n`, 'is damaged in line 2'],
  ['another file', '# Changelog\n', 'is no receipt of a replay'],
  ['nothing', '', 'is no receipt of a replay'],
  [
    'a header of another version',
    formatHeader(header).replace(':1,', ':7,') + '\n',
    'was written by another version of otel-tape: it is of format 7, not 1',
  ],
  ['a line without end', `{"a":"${'x'.repeat(2 ** 21)}`, 'has a line of more than 1048576 bytes'],
])('%s is named', async (_what, content, message) => {
  await writeFile(path, content)
  await expect(read()).rejects.toMatchObject({
    reason: 'ReceiptUnusable',
    message: expect.stringContaining(`the receipt '${path}' ${message}`) as unknown,
  })
})

test('positions are kept as a set keeps them, in as few ranges as there are', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40)), (positions) => {
      const set = new Set<number>()
      const ranges = new PositionRanges()
      for (const position of positions) {
        expect(ranges.add(position)).toBe(!set.has(position))
        set.add(position)
      }
      for (let position = 0; position <= 41; position++) {
        expect(ranges.has(position)).toBe(set.has(position))
      }
      const starts = [...set].filter((position) => !set.has(position - 1))
      expect(ranges.rangeCount).toBe(starts.length)
    }),
  )
})

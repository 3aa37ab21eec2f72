// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReplayStatus } from '../../src/replay/replay-status'
import { FileStore } from '../../src/storage/file-store'
import { type Answer, type OtlpTarget, accept, openTarget } from '../replay/otlp-target'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { makeFolder, parseLines } from './command-line'
import { makeTerminal, runInside } from './test-terminal'

const BATCHES = Array.from({ length: 6 }, (_, index) =>
  makeBatch('logs', { names: [`${index}`, 'x'], atMillis: EPOCH_MILLIS + index }),
)

let folder: Awaited<ReturnType<typeof makeFolder>>
let target: OtlpTarget
let answer: Answer
const kept = process.env.OTEL_TAPE_RECEIPT_FOLDER

beforeEach(async () => {
  folder = await makeFolder()
  answer = accept
  target = await openTarget((...given) => answer(...given))
  process.env.OTEL_TAPE_RECEIPT_FOLDER = join(folder.path, 'receipts')
  await recordSession(new FileStore(folder.path), 'tape', BATCHES)
})

afterEach(async () => {
  process.env.OTEL_TAPE_RECEIPT_FOLDER = kept
  await target.close()
  await folder[Symbol.asyncDispose]()
})

const command = (...args: string[]): string[] => [
  ...['replay', 'tape', '--to', target.url, '--store', folder.path],
  ...['--speed', 'max', '--concurrency', '1', ...args],
]

/** Ctrl-C with the fourth request under way. */
async function interrupt(...args: string[]) {
  const interruption = new AbortController()
  answer = (...given) => (given[2] < 3 ? accept(...given) : interruption.abort())
  const outcome = await runInside(command(...args), makeTerminal(interruption))
  answer = accept
  return outcome
}

test('and says so when it is interrupted, when it goes on, and when there is nothing left', async () => {
  const interrupted = await interrupt()
  expect(interrupted.stderr).toMatch(/^sent 6, failed 0, filtered 0, not reached 6, of 12 items/m)
  expect(interrupted.stderr).toMatch(/^the same command with --resume goes on where it stopped$/m)

  const resumed = await runInside(command('--resume'))
  expect(resumed.stderr).toMatch(
    /^sent 6, failed 0, filtered 0, sent before 6, of 12 items stored$/m,
  )
  expect(resumed).toMatchObject({ exitCode: 0, stdout: '' })
  expect(target.requests).toHaveLength(7)

  const again = await runInside(command('--resume'))
  expect(again.stderr).toMatch(/^already complete: tape to http:\S+, nothing was left to send$/m)
  expect(again.stderr).toMatch(
    /^sent 0, failed 0, filtered 0, sent before 12, of 12 items stored$/m,
  )
  expect(again.exitCode).toBe(0)
  expect(target.requests).toHaveLength(7)
})

test('as JSON, with all counts and the receipt', async () => {
  await interrupt()
  const { stdout, exitCode } = await runInside(command('--resume', '--json'))
  const last = parseLines<Partial<ReplayStatus>>(stdout).at(-1)
  expect(last).toMatchObject({
    ...{ event: 'finished', status: 'completed', totalRecords: 12, processedRecords: 12 },
    ...{ sentRecords: 6, failedRecords: 0, filteredRecords: 0, skippedRecords: 6 },
  })
  expect(exitCode).toBe(0)
  const runs = parseLines<{ run?: object }>(await readFile(last?.receipt ?? '', 'utf8'))
  expect(runs.flatMap(({ run }) => run ?? [])).toEqual([
    expect.objectContaining({ status: 'cancelled', sentRecords: 6, skippedRecords: 0 }),
    expect.objectContaining({ status: 'completed', sentRecords: 6, skippedRecords: 6 }),
  ])
})

test('with the file that --receipt names', async () => {
  const receipt = ['--receipt', join(folder.path, 'mine.jsonl')]
  await interrupt(...receipt)
  const { stderr } = await runInside(command('--resume', ...receipt))
  expect(stderr).toMatch(/^sent 6, .*, sent before 6, /m)
  expect(await readdir(folder.path)).not.toContain('receipts')
})

test('not by another one: it names what differs', async () => {
  await interrupt()
  const { stderr, exitCode } = await runInside(command('--resume', '--timestamps', 'none'))
  expect(stderr).toMatch(
    /^otel-tape: the receipt '\S+' is of another replay: timestampAdjustment was 'relative' and is 'none' now; .* \(ReceiptMismatch\)$/m,
  )
  expect(exitCode).toBe(2)
  expect(target.requests).toHaveLength(4)
})

test('not without a receipt', async () => {
  const never = await runInside(command('--resume'))
  expect(never.stderr).toMatch(
    /^otel-tape: the receipt '\S+' is not there; .*\(ReceiptUnusable\)$/m,
  )
  expect(never.exitCode).toBe(1)
  const contradicting = await runInside(command('--resume', '--no-receipt'))
  expect(contradicting.stderr).toMatch(/--resume goes on with a receipt: leave out --no-receipt/)
  expect(contradicting.exitCode).toBe(2)
  expect(target.requests).toEqual([])
})

test('which nobody has to have: where none can be kept, it says so and goes on', async () => {
  await writeFile(join(folder.path, 'receipts'), 'a file')
  const without = await runInside(command())
  expect(without.stderr).toMatch(
    /^this replay can't be resumed when it is interrupted: .*receipts/m,
  )
  expect(without.stderr).toMatch(/^sent 12, /m)
  expect(without.exitCode).toBe(0)
  const unwanted = await runInside(command('--no-receipt'))
  expect(unwanted.stderr).not.toContain('resume')
  expect(unwanted.exitCode).toBe(0)
})

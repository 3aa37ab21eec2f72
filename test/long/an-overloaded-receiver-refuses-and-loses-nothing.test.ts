// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RecordProcess, startRecording } from './support/record-process'
import { type SenderAccount, type SenderOptions, startSenders } from './support/senders'
import { countStoredSpans, findLies } from './support/stored-spans'

const SECONDS = Number(process.env.OTEL_TAPE_TEST_LOAD_SECONDS ?? 120)
const BATCH_SPANS = 512
const SENDERS = 8
/** What may wait in memory, and four times as much for what is under way and for the heap itself. */
const MAX_QUEUE_BYTES = 64 * 1024 * 1024
const MAX_RESIDENT_BYTES = 512 * 1024 * 1024

let folder: string
let largestRate = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-load-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test(`${SECONDS} s at the largest rate: nothing that was acknowledged is missing`, async () => {
  const { account } = await load('largest', { senders: SENDERS })
  largestRate = account.acknowledged.length / SECONDS
  expect(account.acknowledged.length).toBeGreaterThan(SECONDS)
})

test(`${SECONDS} s at three times that rate: what is too much is refused, and told so`, async () => {
  expect(largestRate).toBeGreaterThan(0)
  const intervalMillis = (1000 * SENDERS) / (3 * largestRate)
  const { account } = await load('thrice', { senders: SENDERS, intervalMillis, maxUnderWay: 64 })
  expect(account.acknowledged.length).toBeGreaterThan(SECONDS)
})

/** Sends, stops, and compares what is stored with what was acknowledged. */
async function load(
  sessionId: string,
  options: Pick<SenderOptions, 'senders' | 'intervalMillis' | 'maxUnderWay'>,
): Promise<{ account: SenderAccount }> {
  const store = join(folder, sessionId)
  const receiver = await startRecording(
    ...['--http', '127.0.0.1:0', '--session', sessionId, '--store', store],
    ...['--write-ahead', join(folder, 'write-ahead')],
    ...['--max-queue-bytes', String(MAX_QUEUE_BYTES)],
  )
  const senders = startSenders({
    url: receiver.url,
    firstBatch: 1,
    batchSpans: BATCH_SPANS,
    durationMillis: SECONDS * 1_000,
    ...options,
  })
  const account = await senders.account()
  expect(await receiver.kill('SIGINT')).toBe(130)
  const lies = findLies(await countStoredSpans(store, sessionId), account)
  print(sessionId, account, receiver, lies.length)
  expect(lies.slice(0, 10)).toEqual([])
  expect(receiver.peakResidentBytes()).toBeLessThan(MAX_RESIDENT_BYTES)
  await rm(store, { recursive: true })
  return { account }
}

function print(name: string, account: SenderAccount, receiver: RecordProcess, lies: number): void {
  const { sent, acknowledged, unanswered, statuses, p50Millis, p99Millis } = account
  process.stderr.write(
    `${name}: ${sent} batches of ${BATCH_SPANS} spans in ${SECONDS} s, ` +
      `${acknowledged.length} acknowledged ` +
      `(${Math.round((acknowledged.length * BATCH_SPANS) / SECONDS)} spans/s, ` +
      `p50 ${p50Millis} ms, p99 ${p99Millis} ms), ${statuses['503'] ?? 0} times 503, ` +
      `${unanswered.length} without an answer; answers ${JSON.stringify(statuses)}; ` +
      `peak of ${Math.round(receiver.peakResidentBytes() / 1e6)} MB resident; ` +
      `${lies} acknowledged batches missing or doubled\n`,
  )
}

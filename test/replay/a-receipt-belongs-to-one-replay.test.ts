// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReplayConfig } from '../../src/replay/replay-config'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { openTarget } from './otlp-target'
import { type ResumableTarget, openResumableTarget } from './resumed-replay'

const containing = (text: string): unknown => expect.stringContaining(text)

let store: MemoryStore
let resumable: ResumableTarget
beforeEach(async () => {
  store = new MemoryStore()
  const batches = [0, 1, 2].map((index) =>
    makeBatch('logs', { names: [`item-${index}-0-`], atMillis: EPOCH_MILLIS + index }),
  )
  for (const sessionId of ['tape', 'other']) await recordSession(store, sessionId, batches)
  resumable = await openResumableTarget()
})
afterEach(() => resumable[Symbol.asyncDispose]())

const config = (changes: Partial<ReplayConfig> = {}): ReplayConfig => ({
  ...{ sessionId: 'tape', store, speedMultiplier: Infinity },
  ...{ targetEndpoint: resumable.target.url, receipt: resumable.receipt },
  ...changes,
})

describe('another replay does not go on with it, and is told what differs', () => {
  const from = new Date(EPOCH_MILLIS + 1)
  test.each<[changes: Partial<ReplayConfig>, message: string]>([
    [{ sessionId: 'other' }, "sessionId was 'tape' and is 'other' now"],
    [{ timestampAdjustment: 'none' }, "timestampAdjustment was 'relative' and is 'none' now"],
    [{ speedMultiplier: 7 }, "speedMultiplier was 'Infinity' and is '7' now"],
    [{ filterServices: ['b', 'a'] }, `filterServices was not set and is '["a","b"]' now`],
    [{ replayLogs: false }, "signals was 'traces metrics logs' and is 'traces metrics' now"],
    [{ from }, "from was not set and is '2026-01-02T03:04:05.001Z' now"],
    [{ rewriteIds: 'x' }, "rewriteIds was not set and is 'x' now"],
    [{ transforms: [(batch) => batch] }, "transforms was not set and is '1' now"],
    [{ targetEndpoint: 'http://127.0.0.1:1' }, "is 'http://127.0.0.1:1/v1/traces http://127.0.0"],
  ])('%j', async (changes, message) => {
    await resumable.interrupt(1, config({ targetEndpoint: undefined }))
    const kept = await readFile(resumable.receipt, 'utf8')
    const replay = startReplay(config({ ...changes, resume: true }))
    await expect(replay.finished).rejects.toMatchObject({
      reason: 'ReceiptMismatch',
      message: containing(message),
      sessionId: changes.sessionId ?? 'tape',
    })
    expect(await readFile(resumable.receipt, 'utf8')).toBe(kept)
  })

  test('also where it has a folder of receipts to look into', async () => {
    const receipt = `${join(resumable.folder, 'receipts')}/`
    const first = await startReplay(config({ receipt })).finished
    expect(first.receipt).toMatch(/\/receipts\/tape-[0-9a-f]{12}\.jsonl$/)
    const changed = config({ receipt, resume: true, speedMultiplier: 3 })
    await expect(startReplay(changed).finished).rejects.toMatchObject({
      reason: 'ReceiptMismatch',
      message: containing("speedMultiplier was 'Infinity' and is '3' now"),
    })
    const other = config({ receipt, resume: true, sessionId: 'other' })
    await expect(startReplay(other).finished).rejects.toMatchObject({
      reason: 'ReceiptUnusable',
      message: containing('is not there'),
    })
    const same = await startReplay(config({ receipt, resume: true })).finished
    expect(same).toMatchObject({ skippedRecords: 3, receipt: first.receipt })
    // Whatever waits for its turn is gone again.
    expect(await readdir(receipt)).toHaveLength(1)
  })
})

test('how requests are sent, and how many at a time, may change', async () => {
  await resumable.interrupt(1, config({ concurrency: 1 }))
  const changed = { concurrency: 9, onError: 'abort', headers: { a: 'b' }, compression: 'gzip' }
  const status = await startReplay(config({ ...(changed as object), resume: true })).finished
  expect(status).toMatchObject({ skippedRecords: 1, sentRecords: 2 })
})

test('two replays at a time do not share it', async () => {
  await using busy = await openTarget(() => undefined)
  const first = startReplay(config({ targetEndpoint: busy.url }))
  await busy.received(1)
  for (const resume of [true, false]) {
    await expect(startReplay(config({ resume })).finished).rejects.toMatchObject({
      reason: 'ReceiptUnusable',
      message: containing('is in use by another replay'),
    })
  }
  first.cancel()
  await first.finished
  const started = [1, 2, 3, 4].map(() => startReplay(config()).finished)
  const outcomes = await Promise.allSettled(started)
  expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true)
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue
    expect(outcome.reason).toMatchObject({ reason: 'ReceiptUnusable' })
  }
})

test('no secret is in it', async () => {
  const targetEndpoint = `${resumable.target.url}/otlp?api_key=hunter2`
  const headers = { authorization: 'Bearer hunter2' }
  await startReplay(config({ targetEndpoint, headers })).finished
  const text = await readFile(resumable.receipt, 'utf8')
  expect(text).toContain('/otlp/v1/logs')
  expect(text).not.toContain('hunter2')
})

describe('what is no receipt is left as it is', () => {
  test.each(['# Notes\n', '{"otelTape', '[]'])('%j', async (content) => {
    await writeFile(resumable.receipt, content)
    await expect(startReplay(config()).finished).rejects.toMatchObject({
      reason: 'ReceiptUnusable',
      message: containing('is a file with something else in it'),
    })
    expect(await readFile(resumable.receipt, 'utf8')).toBe(content)
    expect(resumable.target.requests).toEqual([])
  })

  test('a folder', async () => {
    await mkdir(resumable.receipt)
    await expect(startReplay(config()).finished).rejects.toMatchObject({
      message: containing('is no file'),
    })
  })

  test('a device', async () => {
    await expect(startReplay(config({ receipt: '/dev/null' })).finished).rejects.toMatchObject({
      message: containing('is no file'),
    })
  })
})

test('where it can not be, the replay says so before anything is sent', async () => {
  await writeFile(join(resumable.folder, 'file'), '')
  const receipt = join(resumable.folder, 'file/receipt.jsonl')
  await expect(startReplay(config({ receipt })).finished).rejects.toMatchObject({
    reason: 'ReceiptUnusable',
    message: containing("can't be opened: "),
    status: { status: 'failed', sentRecords: 0 },
  })
  expect(resumable.target.requests).toEqual([])
})

test('it is for its owner to read', async () => {
  await startReplay(config()).finished
  expect((await stat(resumable.receipt)).mode & 0o777).toBe(0o600)
})

test('to resume without a receipt is a mistake in the options', () => {
  expect(() => startReplay(config({ receipt: undefined, resume: true }))).toThrow(
    'startReplay: resume goes on with a receipt: name its file as receipt',
  )
})

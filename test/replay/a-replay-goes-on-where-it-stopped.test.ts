// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import fs from 'node:fs'
import { readFile } from 'node:fs/promises'
import { requestToJson } from '../../src/otlp/protobuf-to-json'
import { SIGNALS } from '../../src/otlp/signal'
import { parseReceiptLine } from '../../src/replay/receipt-line'
import type { ReplayStatus } from '../../src/replay/replay-status'
import { findBlockHeader } from '../../src/session/block-header'
import { rawPrefix } from '../../src/session/session-keys'
import { MemoryStore } from '../../src/storage/memory-store'
import { PARTITION_MILLIS, putCollectorObject } from '../session/collector-objects'
import { EPOCH_MILLIS, createWriter, makeBatch } from '../support/recording'
import type { Answer } from './otlp-target'
import { namesIn, openResumableTarget } from './resumed-replay'

const BATCHES = 24
const ITEMS = 2 * BATCHES

/** Batches of two items each, in blocks of three. */
async function record(batches = BATCHES, store = new MemoryStore(), first = 0) {
  const writer = createWriter(store, 'long')
  for (let index = first; index < first + batches; index++) {
    const names = [`item-${index}-0-`, `item-${index}-1-`]
    const service = index % 2 ? 'checkout' : 'payment'
    const atMillis = EPOCH_MILLIS + index
    writer.write(makeBatch(SIGNALS[index % 3], { names, service, atMillis }))
    if (index % 9 === 8) await writer.flush(AbortSignal.timeout(5_000))
  }
  return { store, writer }
}

async function recorded(): Promise<MemoryStore> {
  const { store, writer } = await record()
  await writer.close(AbortSignal.timeout(5_000))
  return store
}

function expectSum(status: ReplayStatus, total = ITEMS): void {
  const { sentRecords, failedRecords, filteredRecords, skippedRecords } = status
  expect(sentRecords + failedRecords + filteredRecords + skippedRecords).toBe(total)
  expect(status).toMatchObject({ processedRecords: total, totalRecords: total })
}

const refuse: Answer = (response) => void response.writeHead(400).end()

test('however often it was interrupted, each item arrives once', async () => {
  const scenario = fc.record({
    interruptions: fc.array(fc.nat(8), { minLength: 1, maxLength: 4 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
    filterServices: fc.constantFrom(undefined, ['payment'], ['nobody']),
    timestampAdjustment: fc.constantFrom('none' as const, 'relative' as const, 'current' as const),
    rewriteIds: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(scenario, async ({ interruptions, ...given }) => {
      const store = await recorded()
      await using resumable = await openResumableTarget()
      const config = { ...given, sessionId: 'long', store }
      const { target } = resumable
      let answered = 0
      let isResumed = false
      const hung = new Set<number>()
      for (const acknowledged of interruptions) {
        const before = target.requests.length
        const status = await resumable.interrupt(acknowledged, { ...config, resume: isResumed })
        expect(status.skippedRecords).toBe(answered)
        expect(status.sentRecords).toBe(2 * Math.min(acknowledged, target.requests.length - before))
        answered += status.sentRecords
        for (let at = before + acknowledged; at < target.requests.length; at++) hung.add(at)
        expect(target.requests.length - before).toBeLessThanOrEqual(
          acknowledged + given.concurrency,
        )
        isResumed = true
      }
      const last = await resumable.run({ ...config, resume: true })
      expect(last.status).toBe('completed')
      expectSum(last)
      expect(last.skippedRecords).toBe(answered)
      const taken = target.requests.filter((_request, number) => !hung.has(number))
      const names = namesIn(taken.map(({ body }) => body))
      expect(new Set(names).size).toBe(names.length)
      expect(names).toHaveLength(ITEMS - last.filteredRecords)
    }),
    { numRuns: 10 },
  )
})

test('a replay that is complete sends nothing, and says so', async () => {
  const store = await recorded()
  await using resumable = await openResumableTarget()
  const config = { sessionId: 'long', store }
  expect(await resumable.run(config)).toMatchObject({ sentRecords: ITEMS, skippedRecords: 0 })
  const arrived = resumable.target.requests.length
  const again = await resumable.run({ ...config, resume: true })
  expect(again).toMatchObject({ status: 'completed', sentRecords: 0, skippedRecords: ITEMS })
  expectSum(again)
  expect(resumable.target.requests).toHaveLength(arrived)
  // Without resume it begins anew.
  expect(await resumable.run(config)).toMatchObject({ sentRecords: ITEMS, skippedRecords: 0 })
})

test('what a session still being recorded has gained since is sent', async () => {
  const { store, writer } = await record(9)
  await using resumable = await openResumableTarget()
  const config = { sessionId: 'long', store, timestampAdjustment: 'current' as const }
  expect(await resumable.run(config)).toMatchObject({ sentRecords: 18 })
  for (let index = 9; index < 12; index++) {
    const names = [`item-${index}-0-`, `item-${index}-1-`]
    writer.write(makeBatch('logs', { names, atMillis: EPOCH_MILLIS + index }))
  }
  await writer.close(AbortSignal.timeout(5_000))
  const status = await resumable.run({ ...config, resume: true })
  expect(status).toMatchObject({ sentRecords: 6, skippedRecords: 18, totalRecords: 24 })
  const names = namesIn(resumable.target.requests.map(({ body }) => body))
  expect(new Set(names).size).toBe(24)
  expect(names).toHaveLength(24)
})

test('a batch that was refused is tried again; what was refused of one that arrived is not', async () => {
  const store = await recorded()
  await using resumable = await openResumableTarget()
  const config = { sessionId: 'long', store, concurrency: 1 }
  resumable.answer = (response, request, number) => {
    if (number === 0) return refuse(response, request, number)
    const rejectsOne = { partialSuccess: { rejectedSpans: 1, errorMessage: 'too old' } }
    const body = number === 3 ? JSON.stringify(rejectsOne) : '{}'
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  }
  const first = await resumable.run(config)
  expect(first).toMatchObject({ sentRecords: ITEMS - 3, failedRecords: 3 })
  expectSum(first)
  const arrived = resumable.target.requests.length
  const second = await resumable.run({ ...config, resume: true })
  expectSum(second)
  expect(second).toMatchObject({ sentRecords: 2, failedRecords: 1, skippedRecords: ITEMS - 3 })
  expect(second.error).toBe('items refused in an earlier run: 1')
  expect(resumable.target.requests).toHaveLength(arrived + 1)
})

test('an error that ended it is no end of it', async () => {
  const store = await recorded()
  await using resumable = await openResumableTarget()
  const config = { sessionId: 'long', store, onError: 'abort' as const, concurrency: 1 }
  resumable.answer = (response, request, number) =>
    (number === 5 ? refuse : accepting)(response, request, number)
  await expect(resumable.run(config)).rejects.toMatchObject({
    reason: 'IngestionFailure',
    status: { sentRecords: 10, failedRecords: 2 },
  })
  const status = await resumable.run({ ...config, resume: true })
  expect(status).toMatchObject({ sentRecords: ITEMS - 10, skippedRecords: 10, failedRecords: 0 })
  expectSum(status)
})

const accepting: Answer = (response) => void response.writeHead(200).end()

test('blocks whose batches have all arrived are not inflated, even where traces go on', async () => {
  const store = await recorded()
  await using resumable = await openResumableTarget()
  const config = { sessionId: 'long', store, timestampAdjustment: 'current' as const }
  await resumable.interrupt(14, { ...config, concurrency: 1 })
  const ruined = await ruinBlocksThatArrived(store, resumable.receipt)
  expect(ruined).toBeGreaterThan(0)
  const status = await resumable.run({ ...config, resume: true })
  expect(status).toMatchObject({ damaged: 0, skippedRecords: 28, sentRecords: ITEMS - 28 })
})

/** Whoever inflates one of them now, fails. */
async function ruinBlocksThatArrived(store: MemoryStore, receipt: string): Promise<number> {
  const lines = (await readFile(receipt, 'utf8')).trim().split('\n').slice(1)
  const keys = new Map<string, number>()
  const arrived = new Set<string>()
  for (const line of lines.map(parseReceiptLine)) {
    if (line?.kind === 'object') keys.set(line.key, line.object)
    if (line?.kind === 'batch') arrived.add(`${line.object} ${line.position}`)
  }
  let ruined = 0
  for await (const { key } of store.list(rawPrefix('long'))) {
    const bytes = Buffer.from((await store.get(key)).body)
    for (let at = 0; at < bytes.length;) {
      const found = findBlockHeader(bytes.subarray(at))
      if (!found) throw new Error(`no block at ${at}`)
      const { batches, memberBytes } = found.header
      const start = at
      const isDone = batches.every((_batch, index) =>
        arrived.has(`${keys.get(key)} ${start + index}`),
      )
      if (isDone) bytes.fill(0xff, at + found.headerBytes, at + memberBytes)
      if (isDone) ruined++
      at += memberBytes
    }
    await store.put(key, bytes)
  }
  return ruined
}

test('through what the Collector wrote, with several requests in an object', async () => {
  const jsonLines = new MemoryStore()
  for (let object = 0; object < 4; object++) {
    const requests = [0, 1, 2].map((line) => {
      const names = [`item-${object}-${line}-`]
      const atMillis = PARTITION_MILLIS + (line * 4 + object) * 1000
      const { body } = makeBatch('logs', { names, atMillis })
      return JSON.stringify(requestToJson(body, 'logs'))
    })
    const content = Buffer.from(requests.join('\n'))
    await putCollectorObject(jsonLines, { signal: 'logs', names: [], suffix: '.json', content })
  }
  await using resumable = await openResumableTarget()
  const config = { sessionId: 'p', store: jsonLines, concurrency: 1 }
  await resumable.interrupt(5, config)
  await resumable.interrupt(2, { ...config, resume: true })
  const status = await resumable.run({ ...config, resume: true })
  expect(status).toMatchObject({ skippedRecords: 7, sentRecords: 5, totalRecords: 12 })
  // Two hung, and came again.
  const names = namesIn(resumable.target.requests.map(({ body }) => body))
  expect(new Set(names).size).toBe(12)
  expect(names).toHaveLength(14)
})

test('when the disk had no room for its receipt, and has some again', async () => {
  const store = await recorded()
  await using resumable = await openResumableTarget()
  const config = { sessionId: 'long', store, concurrency: 1 }
  const { writeSync } = fs
  let writesLeft = 10
  const full = jest.spyOn(fs, 'writeSync').mockImplementation((...given: unknown[]) => {
    if (writesLeft-- > 0) return (writeSync as (...given: unknown[]) => number)(...given)
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  })
  await expect(resumable.run(config)).rejects.toMatchObject({
    reason: 'ReceiptUnusable',
    message: expect.stringMatching(/can't be written: ENOSPC.*; make room and resume/) as unknown,
  })
  full.mockRestore()
  const before = resumable.target.requests.length
  const status = await resumable.run({ ...config, resume: true })
  expectSum(status)
  // What the target took last was not written down.
  expect(status.skippedRecords).toBe(2 * (before - 1))
  expect(resumable.target.requests).toHaveLength(BATCHES + 1)
})

test('with the ids that the first run gave', async () => {
  const store = await recorded()
  await using resumable = await openResumableTarget()
  const config = { sessionId: 'long', store, rewriteIds: true, concurrency: 1 }
  const { target } = resumable
  await resumable.interrupt(3, config)
  const begun = target.requests[3].body
  await resumable.run({ ...config, resume: true })
  // The request that hung is the first to be sent again: the same bytes, ids and times.
  expect(target.requests[4].body).toEqual(begun)
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FileStore } from '../../src/storage/file-store'
import { loadSession } from '../../src/session/catalogue'
import { startRecording } from './support/record-process'
import { type SenderAccount, startSenders } from './support/senders'
import { countStoredSpans, findLies } from './support/stored-spans'

const KILLS = Number(process.env.OTEL_TAPE_TEST_KILLS ?? 50)
const LONGEST_LIFE_MILLIS = 1_500
const BATCH_SPANS = 20
const REPEATING_FROM = 1_000_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-kill-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test(`after ${KILLS} kills, every acknowledged span is in the session exactly once`, async () => {
  const port = await freePort()
  const options = [
    ...['--http', `127.0.0.1:${port}`, '--session', 'killed'],
    ...['--store', join(folder, 'store'), '--write-ahead', join(folder, 'write-ahead')],
  ]
  const load = {
    url: `http://127.0.0.1:${port}`,
    batchSpans: BATCH_SPANS,
    durationMillis: 3_600_000,
  }
  const once = startSenders({ ...load, firstBatch: 1 })
  const repeating = startSenders({ ...load, firstBatch: REPEATING_FROM, repeats: true })
  for (let kill = 1; kill <= KILLS; kill++) {
    const receiver = await startRecording(...options)
    await sleep(Math.random() * LONGEST_LIFE_MILLIS)
    await receiver.kill('SIGKILL')
  }
  const last = await startRecording(...options)
  await sleep(1_000)
  once.stop()
  repeating.stop()
  const accounts = await Promise.all([once.account(), repeating.account()])
  expect(await last.kill('SIGINT')).toBe(130)

  const stored = await countStoredSpans(join(folder, 'store'), 'killed')
  const lies = accounts.flatMap((account) => findLies(stored, account))
  const inSession = [...stored.values()].reduce((sum, count) => sum + count, 0)
  const metadata = await loadSession(new FileStore(join(folder, 'store')), 'killed')
  print(accounts, inSession, lies.length)
  expect(lies.slice(0, 10)).toEqual([])
  expect(metadata).toMatchObject({ status: 'completed', capturedTraces: inSession })
  expect(accounts.every((account) => account.acknowledged.length > 100)).toBe(true)
})

function print(accounts: readonly SenderAccount[], inSession: number, lies: number): void {
  const sum = (of: (account: SenderAccount) => number): number =>
    accounts.reduce((total, account) => total + of(account), 0)
  process.stderr.write(
    `${KILLS} kills; batches of ${BATCH_SPANS} spans: ${sum((a) => a.sent)} sent, ` +
      `${sum((a) => a.acknowledged.length)} acknowledged at once, ` +
      `${sum((a) => a.repeated.length)} acknowledged after repeating, ` +
      `${sum((a) => a.unanswered.length)} without an answer, ${sum((a) => a.refused)} refusals; ` +
      `${inSession} spans in the session; ${lies} acknowledged batches missing or doubled\n`,
  )
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

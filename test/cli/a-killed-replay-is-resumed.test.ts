// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import type { ReplayStatus } from '../../src/replay/replay-status'
import { FileStore } from '../../src/storage/file-store'
import { bundleCommandLine } from '../support/bundled-command-line'
import { killReplays } from '../support/killed-replays'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'
import { makeFolder, parseLines } from './command-line'

const KILLS = 20
const BATCHES = 200
const CONCURRENCY = 3

// The long form, with 200 kills: test/long.
test(`after ${KILLS} kills at random moments, all has arrived, and once`, async () => {
  await using folder = await makeFolder()
  const store = join(folder.path, 'store')
  const batches = Array.from({ length: BATCHES }, (_, index) =>
    makeBatch('logs', { names: [`item-${index}-`], atMillis: EPOCH_MILLIS + index }),
  )
  await recordSession(new FileStore(store), 'tape', batches)
  const outcome = await killReplays({
    commandLine: await bundleCommandLine(folder.path),
    args: ['tape', '--store', store, '--speed', 'max', '--json'],
    receipts: join(folder.path, 'receipts'),
    ...{ kills: KILLS, concurrency: CONCURRENCY, requestsPerRun: 8 },
    itemIn: (body) => /item-\d+-/.exec(body.toString('latin1'))?.[0] ?? '',
  })
  const { arrivals, exitCode, lastOutput } = outcome
  expect(exitCode).toBe(0)
  expect(outcome.kills).toBeGreaterThan(KILLS / 2)
  expect(new Set(arrivals.flat()).size).toBe(BATCHES)
  // Of a run that was killed, nothing but what was under way then comes again.
  const repeatedOf = arrivals.map((items, run) => {
    const later = new Set(arrivals.slice(run + 1).flat())
    return items.filter((item) => later.has(item))
  })
  for (const repeated of repeatedOf) expect(repeated.length).toBeLessThanOrEqual(CONCURRENCY)
  const last = parseLines<ReplayStatus & { event: string }>(lastOutput).at(-1)
  const { sentRecords = 0, skippedRecords = 0 } = last ?? {}
  expect(last).toMatchObject({ event: 'finished', status: 'completed', totalRecords: BATCHES })
  expect(last).toMatchObject({ failedRecords: 0, filteredRecords: 0 })
  expect(sentRecords).toBe(arrivals.at(-1)?.length)
  expect(sentRecords + skippedRecords).toBe(BATCHES)
}, 60_000)

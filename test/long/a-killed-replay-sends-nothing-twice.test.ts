// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// 200 kills take about three minutes; OTEL_TAPE_TEST_KILLS sets another number.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileStore } from '../../src/storage/file-store'
import { bundleCommandLine } from '../support/bundled-command-line'
import { killReplays } from '../support/killed-replays'
import { EPOCH_MILLIS, makeBatch, recordSession } from '../support/recording'

const KILLS = Number(process.env.OTEL_TAPE_TEST_KILLS ?? 200)
const BATCHES_PER_RUN = 20
const ITEMS_IN_BATCH = 5

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-tape-kill-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test.each([1, 3, 16])(
  `after ${KILLS} kills all has arrived; with %d at a time, so many at the most came again`,
  async (concurrency) => {
    const kills = Math.ceil(KILLS / 3)
    const batches = kills * BATCHES_PER_RUN
    const store = join(folder, `store-${concurrency}`)
    await recordSession(new FileStore(store), 'tape', makeBatches(batches))
    const outcome = await killReplays({
      commandLine: await bundleCommandLine(folder),
      args: ['tape', '--store', store, '--speed', 'max', '--timestamps', 'current'],
      receipts: join(folder, 'receipts'),
      ...{ kills, concurrency, requestsPerRun: 2 * BATCHES_PER_RUN },
      itemIn: (body) => /item-\d+-/.exec(body.toString('latin1'))?.[0] ?? '',
    })
    const { arrivals, requests, repeated, lastOutput } = outcome
    const all = new Set(arrivals.flat())
    process.stderr.write(
      `concurrency ${concurrency}: ${outcome.kills} kills at work, ${batches * ITEMS_IN_BATCH} items ` +
        `stored, ${requests * ITEMS_IN_BATCH} received, ${repeated * ITEMS_IN_BATCH} of them twice, ` +
        `${(batches - all.size) * ITEMS_IN_BATCH} lost\n${lastOutput}`,
    )
    expect(outcome.exitCode).toBe(0)
    expect(all.size).toBe(batches)
    for (const [run, items] of arrivals.entries()) {
      const later = new Set(arrivals.slice(run + 1).flat())
      const again = items.filter((item) => later.has(item))
      expect(again.length).toBeLessThanOrEqual(concurrency)
    }
  },
)

function* makeBatches(count: number) {
  for (let index = 0; index < count; index++) {
    const names = Array.from({ length: ITEMS_IN_BATCH }, () => `item-${index}-`)
    const traceId = (index % 50).toString(16).padStart(32, '1')
    yield makeBatch('traces', { names, traceId, atMillis: EPOCH_MILLIS + index })
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Kills forty processes of five captures each, two at a time in one folder, while they spool, upload,
// recover or stop, with a store that goes up and down. Takes three to five minutes.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killSpooling } from '../support/spool-kills'

const ROUNDS = Math.ceil(Number(process.env.OTEL_TAPE_TEST_KILLS ?? 40) / 2)

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'spool-kill-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

test(`after ${2 * ROUNDS} kills, what was on disk is in its session once`, async () => {
  const { lostItems, problems, ...counts } = await killSpooling(root, {
    rounds: ROUNDS,
    processes: 2,
    atOnce: 5,
  })
  process.stderr.write(`${JSON.stringify({ ...counts, lostItems: lostItems.length })}\n`)
  expect(lostItems).toEqual([])
  expect(problems).toEqual([])
})

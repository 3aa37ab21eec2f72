// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killSpooling } from '../support/spool-kills'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'spool-kill-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

test('three processes of seven captures each are killed, and what was on disk is stored once', async () => {
  const { lostItems, spooledItems, ...counts } = await killSpooling(root, {
    rounds: 1,
    processes: 3,
    atOnce: 7,
  })
  process.stdout.write(`${JSON.stringify({ ...counts, spooledItems, lost: lostItems.length })}\n`)
  expect(lostItems).toEqual([])
  expect(counts.problems).toEqual([])
}, 60_000)

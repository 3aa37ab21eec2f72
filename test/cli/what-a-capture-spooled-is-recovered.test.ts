// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { FileStore } from '../../src/storage/file-store'
import { collectWarnings } from '../support/collect-warnings'
import { expectHonest, recordItems, startSpooling } from '../support/spool'
import { createSwitchedStore } from '../support/stores/switched-store'
import { makeFolder, runCommand } from './command-line'

test('otel-tape recover --spool stores what an app could not', async () => {
  await using folder = await makeFolder()
  const [storeFolder, spool] = [join(folder.path, 'store'), join(folder.path, 'spool')]
  using warnings = collectWarnings()
  const store = new FileStore(storeFolder)
  const capture = startSpooling(
    createSwitchedStore(store, () => true),
    spool,
    'tape',
  )
  recordItems(capture, 'x', 12)
  await capture.stop()
  expect(warnings.lines.at(-1)).toContain(`otel-tape recover --spool ${spool}`)

  const recovered = await runCommand(['recover', '--spool', spool, '--store', storeFolder])
  expect(recovered).toEqual({
    exitCode: 0,
    stderr: '',
    stdout: `recovered: 12 items of session tape, from 3 segments of ${spool}\n`,
  })
  expect(await expectHonest(store, 'tape')).toHaveLength(12)
  expect(await readdir(spool)).toEqual([])
})

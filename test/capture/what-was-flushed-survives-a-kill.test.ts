// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { completeSession, loadSession } from '../../src/session/catalogue'
import { surveySession } from '../../src/session/reading/survey'
import { FileStore } from '../../src/storage/file-store'
import { startScript } from '../support/child-script'
import { readAll } from '../support/recording'

const folder = mkdtempSync(join(tmpdir(), 'otel-tape-kill-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('after SIGKILL the session is interrupted, readable, and can be completed or joined', async () => {
  const store = new FileStore(folder)
  const child = startScript(join(__dirname, 'children/capture-until-killed.ts'), folder, 'killed')
  let safe = 0
  for (let flush = 0; flush < 3; flush++) safe = (await child.message()) as number
  expect(await loadSession(store, 'killed')).toMatchObject({ status: 'active' })
  await child.kill()

  expect(await loadSession(store, 'killed')).toMatchObject({ status: 'failed' })
  const batches = await readAll({ store, sessionId: 'killed' })
  expect(batches.length).toBeGreaterThanOrEqual(safe)
  expect(await surveySession({ store, sessionId: 'killed' })).toMatchObject({
    itemCount: batches.length,
  })

  const again = startScript(
    join(__dirname, 'children/capture-named-logs.ts'),
    folder,
    'killed',
    'b',
    '5',
  )
  expect(await again.message()).toBe('ready')
  again.process.send('go')
  await again.done()
  expect(await loadSession(store, 'killed')).toMatchObject({
    status: 'completed',
    writers: 2,
    interruptedWriters: 1,
  })
  expect(await surveySession({ store, sessionId: 'killed' })).toMatchObject({
    itemCount: batches.length + 5,
  })
}, 60_000)

test('a kill at any moment leaves no half-written object behind', async () => {
  const store = new FileStore(folder)
  for (let round = 0; round < 5; round++) {
    const sessionId = `kill-${round}`
    const child = startScript(
      join(__dirname, 'children/capture-until-killed.ts'),
      folder,
      sessionId,
    )
    let safe = 0
    for (let flush = 0; flush <= round; flush++) safe = (await child.message()) as number
    await child.kill()
    const damage: unknown[] = []
    const batches = await readAll({ store, sessionId, onDamage: (piece) => damage.push(piece) })
    expect(damage).toEqual([])
    expect(batches.length).toBeGreaterThanOrEqual(safe)
    const completed = await completeSession(store, sessionId)
    expect(completed).toMatchObject({
      status: 'completed',
      capturedLogs: batches.length,
      interruptedWriters: 1,
    })
  }
}, 90_000)

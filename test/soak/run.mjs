// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// The soak: `npm run test:soak`, 30 minutes of capture, receiving, replay and faults in one
// process (`-- --minutes 2` for less). Afterwards memory, open files and the delay of the event
// loop must be flat, and every count exact: of every item made it is known what became of it,
// and that is compared with what lies in the store and what arrived at the target, both counted
// by code that is not ours. Needs `npm run build`, and Linux for /proc.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startFaultProxy } from './fault-proxy.mjs'
import { startFaultyTarget } from './faulty-target.mjs'
import { judgeRound, judgeSteadiness } from './judge.mjs'
import { startRandomFaults } from './random-faults.mjs'
import { connectToStore } from './stored-items.mjs'

const require = createRequire(import.meta.url)
require('../support/register-typescript.cjs')
const { buildMinio, findMinio } = require('../support/s3/minio-binary.ts')
const { startMinio } = require('../support/s3/minio-server.ts')

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    'load-seconds': { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
})
const endMillis = Date.now() + Number(values.minutes) * 60_000
const loadSeconds = Number(values['load-seconds'])
const BUCKET = 'soak'

if (!existsSync(new URL('../../dist/index.js', import.meta.url))) {
  throw new Error("there is no dist yet: 'npm run build' makes it")
}

const folder = mkdtempSync(join(tmpdir(), 'otel-tape-soak-'))
const minio = await startMinio((await findMinio()) ?? (await buildMinio()))
const [proxy, target] = [await startFaultProxy(minio.endpoint), await startFaultyTarget()]
try {
  process.exitCode = await soak()
} finally {
  proxy.stop()
  target.stop()
  await minio.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function soak() {
  const stored = await connectToStore(minio, BUCKET)
  const faults = startRandomFaults(proxy)
  const { accessKey, secretKey, region } = minio
  const store = {
    ...{ endpoint: proxy.url, accessKey, secretKey, region, bucket: BUCKET },
    attemptTimeoutMillis: 2_000,
  }
  const parameters = { store, targetUrl: target.url, folder, loadSeconds }
  const app = fork(new URL('soaked-app.mjs', import.meta.url), [JSON.stringify(parameters)], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(app, 'exit')
  const rounds = []
  let captured
  const handlers = {
    next: () => app.send(Date.now() < endMillis),
    // What is stored at the end must not depend on when the last fault ends.
    settle: async () => {
      await faults.pause()
      app.send(true)
    },
    captured: (message) => {
      captured = message
      faults.go()
    },
    replayed: async ({ status }) => {
      await faults.pause()
      rounds.push({ captured, status })
    },
    rested: async (feeling) => {
      const round = rounds.at(-1)
      const { sessionId } = round.captured
      const [inStore, received] = await Promise.all([
        stored.take(sessionId),
        stored.take(`${sessionId}-received`),
      ])
      Object.assign(round, { feeling, inStore, received, target: await target.take() })
      round.problems = judgeRound(round)
      note(round, rounds.length)
      faults.go()
    },
  }
  let handling = Promise.resolve()
  app.on('message', (message) => {
    handling = handling.then(() => handlers[message.event](message)).catch(fail)
  })
  function fail(error) {
    rounds.push({ problems: [String(error.stack)] })
    app.kill()
  }
  const [code, signal] = await ended
  await handling
  await faults.stop()
  return report(rounds, faults.counts, code ?? signal)
}

function note(round, number) {
  const { captured, status, feeling, problems } = round
  const dropped = Object.values(captured.metadata.signals).map((of) => of.droppedItems)
  console.error(
    `${number}: ${captured.exported.traces} spans, ${captured.exported.metrics} points, ` +
      `${captured.exported.logs} logs exported, ${dropped.join('/')} dropped; ` +
      `${status.sentRecords} of ${status.totalRecords} replayed; ` +
      `${(feeling.residentBytes / 1e6).toFixed(0)} MB, ${feeling.openFiles} files, ` +
      `p99 ${feeling.delayP99Millis.toFixed(1)} ms${problems.map((text) => `\n  ${text}`).join('')}`,
  )
}

function report(rounds, faults, end) {
  const problems = rounds.flatMap((round) => round.problems ?? ['a round did not end'])
  if (end !== 0) problems.push(`the soaked process ended with ${end}`)
  const whole = rounds.filter(({ feeling }) => feeling)
  const steadiness = judgeSteadiness(whole.map(({ feeling }) => feeling))
  problems.push(...steadiness.problems)
  const sum = (of) => whole.reduce((total, round) => total + of(round), 0)
  const items = (counts) => counts.traces + counts.metrics + counts.logs
  const totals = {
    rounds: whole.length,
    exported: sum(({ captured }) => items(captured.exported)),
    stored: sum(({ inStore }) => items(inStore)),
    droppedAndReported: sum(({ captured: { metadata } }) =>
      Object.values(metadata.signals).reduce((dropped, of) => dropped + of.droppedItems, 0),
    ),
    receivedAndStored: sum(({ received }) => items(received)),
    replayed: sum(({ status }) => status.sentRecords),
    storeFaults: faults,
    targetFaults: sum(({ target: { unavailable, resets, slow } }) => unavailable + resets + slow),
  }
  if (values.json) console.log(JSON.stringify({ ...totals, ...steadiness, problems }))
  else {
    console.table(totals)
    console.table(steadiness.rows)
    for (const problem of problems) console.log(problem)
    console.log(problems.length === 0 ? 'flat, and every count exact' : 'FAILED')
  }
  return problems.length === 0 ? 0 : 1
}

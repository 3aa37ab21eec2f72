// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { EventEmitter } from 'node:events'
import { watchReplay } from '../../src/cli/watch-replay'
import type { Replay } from '../../src/replay/replay'
import { ReplayTally } from '../../src/replay/replay-tally'
import { makeTerminal } from './test-terminal'

/** A replay of which nothing is seen but its status. */
function statusOnly() {
  const events = new EventEmitter()
  const tally = new ReplayTally('tape', new Date())
  let finish: () => void = () => undefined
  const finished = new Promise<void>((resolve) => (finish = resolve)).then(() => tally.status())
  const replay = Object.assign(events, {
    sessionId: 'tape',
    finished,
    status: () => tally.status(),
  })
  const show = (waitingSince?: number): void => {
    const since = new Date(waitingSince ?? 0).toISOString()
    tally.waiting = waitingSince === undefined ? undefined : { since, message: 'ECONNREFUSED' }
    events.emit('progress', tally.status())
  }
  // As a replay is watched, it is nothing more.
  return { replay: replay as unknown as Replay, tally, show, finish }
}

test('when it has lasted for a while, and its end', async () => {
  const { replay, tally, show, finish } = statusOnly()
  const { terminal, text } = makeTerminal()
  const watching = watchReplay(replay, terminal)
  tally.state = 'running'
  const longAgo = Date.now() - 60_000
  show(Date.now())
  show()
  show(longAgo)
  show(longAgo)
  show()
  show()
  tally.state = 'completed'
  tally.completedAt = new Date()
  finish()
  await watching
  const since = new Date(longAgo).toISOString()
  const told = text.stderr.split('\n').filter((line) => /target/.test(line))
  expect(told).toEqual([
    `waiting for the target since ${since}: ECONNREFUSED`,
    'the target answers again',
  ])
})

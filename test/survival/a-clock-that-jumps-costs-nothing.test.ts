// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { verifySession } from '../../src/capture/verify-session'
import { startCapture } from '../../src/capture/start-capture'
import type { RecordedBatch } from '../../src/session/reading/session-reader'
import { MemoryStore } from '../../src/storage/memory-store'
import { makeEncoded, readAll } from '../support/recording'
import { contentOf } from '../support/write-ahead'

const HOUR_MILLIS = 3_600_000
const START_MILLIS = Date.UTC(2026, 5, 1, 12)

afterEach(() => jest.restoreAllMocks())

/** Sets the clock, and nothing else: timers go on as they are. */
function setClock(millis: number): void {
  jest.spyOn(Date, 'now').mockReturnValue(millis)
}

const JUMPS: [how: string, hours: number[]][] = [
  ['back', [0, -2]],
  ['forth', [0, 30]],
  ['back and forth, again and again', [0, -1, 5, -30, 48, 0, -1]],
  ['from the start of the epoch', [-START_MILLIS / HOUR_MILLIS, 0]],
]

test.each(JUMPS)('%s', async (_, hours) => {
  setClock(START_MILLIS + hours[0] * HOUR_MILLIS)
  const store = new MemoryStore()
  const capture = startCapture({ store, sessionId: 'jumping', maxDurationMinutes: 60 })
  await capture.ready
  const made: string[] = []
  for (const [jump, hour] of hours.entries()) {
    setClock(START_MILLIS + hour * HOUR_MILLIS)
    for (let item = 0; item < 3; item++) {
      made.push(`${jump} ${item}`)
      capture.record('logs', () => makeEncoded('logs', { names: [`${jump} ${item}`] }))
    }
    // Some of it within one segment, some in segments of their own.
    if (jump % 2 === 1) await capture.flush()
  }
  const metadata = await capture.stop()

  expect(metadata).toMatchObject({ status: 'completed', capturedLogs: made.length })
  expect(metadata.signals.logs.droppedItems).toBe(0)
  expect((await contentOf(store, 'jumping')).names).toEqual(made.sort())
  const read = await readAll({ store, sessionId: 'jumping' })
  expect(read.map(arrivalHour).sort()).toEqual(hours.flatMap((hour) => [hour, hour, hour]).sort())
  expect(await verifySession('jumping', { store })).toMatchObject({ isWhole: true, damaged: 0 })
})

test('a jump does not end a capture that may last an hour', async () => {
  jest.useFakeTimers({ doNotFake: ['Date', 'performance', 'nextTick', 'setImmediate'] })
  try {
    setClock(START_MILLIS)
    const store = new MemoryStore()
    const capture = startCapture({ store, sessionId: 'lasting', maxDurationMinutes: 60 })
    await capture.ready
    setClock(START_MILLIS + 30 * HOUR_MILLIS)
    await jest.advanceTimersByTimeAsync(120_000)
    capture.record('logs', () => makeEncoded('logs', { names: ['after the jump'] }))
    jest.useRealTimers()
    expect(await capture.stop()).toMatchObject({ status: 'completed', capturedLogs: 1 })
  } finally {
    jest.useRealTimers()
  }
})

function arrivalHour({ capturedAtUnixNano }: RecordedBatch): number {
  return (Number(capturedAtUnixNano / 1_000_000n) - START_MILLIS) / HOUR_MILLIS
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { access } from 'node:fs/promises'
import { compareReceived } from '../../src/cli/demo/compare-received'
import type { ReceivedRequest } from '../../src/cli/demo/otlp-backend'
import { shiftTimes } from '../../src/otlp/shift-times'
import { EPOCH_MILLIS, makeBatch } from '../support/recording'
import { makeFolder, parseLines, runCommand } from './command-line'

interface DemoLine {
  sessionId: string
  objects: { address: string; sizeBytes: number }[]
  stored: Record<string, { items: number; droppedItems: number }>
  signals: Record<string, { capturedItems: number; replayedItems: number }>
  differingItems: number
  times: number
  leastShiftNanos: string
  mostShiftNanos: string
  largestChangeNanos: string
}

describe('otel-tape demo', () => {
  test('captures an app, replays it, and finds nothing changed but one shift of time', async () => {
    await using folder = await makeFolder()
    const startMillis = Date.now()
    // Its outputs close when its app, which has the same stderr, is gone as well.
    const { exitCode, stdout, stderr } = await runCommand([
      'demo',
      '--json',
      '--store',
      folder.path,
    ])
    expect(stderr).toMatch(/^sent \d+, failed 0, filtered 0, of \d+ items stored$/m)
    expect(exitCode).toBe(0)
    expect(Date.now() - startMillis).toBeLessThan(60_000)
    const [line] = parseLines<DemoLine>(stdout)
    for (const signal of ['traces', 'metrics', 'logs']) {
      const { capturedItems, replayedItems } = line.signals[signal]
      expect(capturedItems).toBeGreaterThan(0)
      expect(replayedItems).toBe(capturedItems)
      expect(line.stored[signal]).toMatchObject({ items: capturedItems, droppedItems: 0 })
    }
    expect(line).toMatchObject({ differingItems: 0, largestChangeNanos: '0' })
    expect(line.mostShiftNanos).toBe(line.leastShiftNanos)
    expect(line.times).toBeGreaterThan(1_000)
    for (const { address } of line.objects) await access(address)

    const { stdout: spans } = await runCommand([
      'cat',
      line.sessionId,
      '--signal',
      'traces',
      '--store',
      folder.path,
    ])
    // Of the HTTP instrumentation, on both sides, and of the app itself.
    for (const name of ['"kind":2', '"kind":3', '"name":"place order"'])
      expect(spans).toContain(name)
  }, 60_000)

  test('needs a store that another process can reach', async () => {
    const { exitCode, stderr } = await runCommand(['demo', '--store', 'memory:'])
    expect(stderr).toMatch(/^otel-tape: the app runs in a process of its own: [^\n]+\n$/)
    expect(exitCode).toBe(2)
  })
})

describe('the comparison', () => {
  const sent: ReceivedRequest[] = [
    makeBatch('traces', { names: ['a', 'b'] }),
    makeBatch('metrics', { names: ['m'] }),
    makeBatch('metrics', { names: ['m'], atMillis: EPOCH_MILLIS + 1_000 }),
    makeBatch('logs', { names: ['l', 'l'] }),
  ]
  const shifted = (request: ReceivedRequest, nanos: bigint): ReceivedRequest => ({
    ...request,
    body: shiftTimes(request.body, request.signal, nanos),
  })

  test('finds one shift, whatever the order of arrival', () => {
    const replayed = sent.map((request) => shifted(request, 86_400_000_000_007n)).reverse()
    expect(compareReceived(sent, replayed)).toMatchObject({
      differingItems: 0,
      leastShiftNanos: 86_400_000_000_007n,
      mostShiftNanos: 86_400_000_000_007n,
      largestChangeNanos: 0n,
      times: 8,
    })
  })

  test('finds a distance that changed by a nanosecond', () => {
    const replayed = sent.map((request, index) => shifted(request, index === 3 ? 8n : 7n))
    expect(compareReceived(sent, replayed)).toMatchObject({
      differingItems: 0,
      largestChangeNanos: 1n,
    })
  })

  test('finds what is missing, and what is there twice', () => {
    expect(compareReceived(sent, sent.slice(1)).differingItems).toBe(2)
    expect(compareReceived(sent, [...sent, sent[1]]).differingItems).toBe(1)
  })

  test('finds what is not the same any more', () => {
    const [spans, ...others] = sent
    const renamed = makeBatch('traces', { names: ['a', 'c'] })
    const { differingItems, signals } = compareReceived([spans, ...others], [renamed, ...others])
    expect(differingItems).toBe(2)
    expect(signals.traces).toEqual({ capturedItems: 2, replayedItems: 2 })
  })

  test('finds a time that was set and is not any more', () => {
    const request = (time: object): ReceivedRequest => ({
      signal: 'logs',
      body: makeBatch('logs', { names: ['l'], ...time }).body,
    })
    expect(compareReceived([request({})], [request({ atMillis: 0 })]).differingItems).toBe(2)
  })
})

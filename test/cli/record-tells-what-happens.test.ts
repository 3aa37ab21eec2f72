// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import { recordTelemetry } from '../../src/cli/record-telemetry'
import { makeReceiverStatus } from './record-status'
import { StillReceiver, makeMetadata } from './record-still-receiver'
import { parseLines } from './command-line'
import { makeTerminal } from './test-terminal'

const received = {
  traces: { requests: 1, items: 5, bytes: 500 },
  metrics: { requests: 0, items: 0, bytes: 0 },
  logs: { requests: 0, items: 0, bytes: 0 },
}

interface Situation {
  json?: boolean
  isTTY?: boolean
  receiver?: StillReceiver
  ack?: string
}

/** A recording in this process, whose clock and whose Ctrl-C are the test's. */
function startRecording({ json = false, isTTY = false, ack, ...given }: Situation = {}) {
  const interruption = new AbortController()
  const { terminal, stderr, text } = makeTerminal({ isTTY, signal: interruption.signal })
  const { receiver = new StillReceiver() } = given
  const screen = Object.assign(stderr, { isTTY, columns: 80, rows: 24 })
  const settings = { command: [], json, storeUrl: 'file:/tapes', ack, screen }
  const exitCode = recordTelemetry(receiver, terminal, settings)
  return {
    receiver,
    text,
    terminal,
    async stop(): Promise<number | undefined> {
      interruption.abort(new Error('interrupted'))
      const code = await exitCode
      await turn()
      return code
    },
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('a recording', () => {
  beforeEach(() =>
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }),
  )
  afterEach(() => {
    jest.useRealTimers()
    diag.disable()
  })

  test('tells a person where to send and how to replay', async () => {
    const recording = startRecording()
    expect(await recording.stop()).toBeUndefined()
    expect(recording.text.stderr.split('\n')).toEqual([
      'listening for OTLP/HTTP on http://127.0.0.1:4001',
      'listening for OTLP/gRPC on 127.0.0.1:4002',
      'recording into session tape of file:/tapes',
      'stopping: storing what is left; Ctrl-C again ends at once',
      'completed: tape, 0 spans, 0 data points, 0 log records, 0 B stored',
      'replay it: otel-tape replay tape --store file:/tapes --to http://localhost:4318',
      '',
    ])
    expect(recording.text.stdout).toBe('')
  })

  test('warns of what an answer from memory means', async () => {
    const recording = startRecording({ ack: 'memory' })
    await recording.stop()
    expect(recording.text.stderr).toMatch(/^otel-tape: warning: with --ack memory a crash loses/m)
  })

  test('prints each event as a line, the first as it is promised', async () => {
    const recording = startRecording({ json: true })
    const { receiver, text } = recording
    receiver.emit('sessionStarted', 'tape-2')
    receiver.emit('sessionStopped', makeMetadata({ capturedTraces: 3 }))
    receiver.emit('recovered', { sessionId: 'old', segments: 1, items: 9 })
    receiver.emit('failure', new Error('it is full'))
    await recording.stop()
    expect(text.stdout).toMatch(
      /^\{"event":"listening","http":"http:\/\/127\.0\.0\.1:4001","grpc":"127\.0\.0\.1:4002","sessionId":"tape"\}\n/,
    )
    const events = parseLines<{ event: string }>(text.stdout)
    expect(events).toMatchObject([
      { event: 'listening' },
      { event: 'sessionStarted', sessionId: 'tape-2' },
      { event: 'sessionStopped', sessionId: 'tape', capturedTraces: 3 },
      { event: 'recovered', sessionId: 'old', segments: 1, items: 9 },
      { event: 'failure', message: expect.stringContaining('it is full') as unknown },
      { event: 'sessionStopped', sessionId: 'tape', status: 'completed' },
      { event: 'stopped', sessions: [{ sessionId: 'tape', status: 'completed' }] },
    ])
    expect(text.stderr).toBe('')
  })

  test('says that an endpoint is off', async () => {
    const receiver = new StillReceiver()
    receiver.grpcAddress = undefined
    const recording = startRecording({ json: true, receiver })
    await recording.stop()
    expect(parseLines(recording.text.stdout)[0]).toEqual({
      event: 'listening',
      http: 'http://127.0.0.1:4001',
      grpc: null,
      sessionId: 'tape',
    })
  })

  test('tells machines of progress each second in which there was some', async () => {
    const recording = startRecording({ json: true })
    jest.advanceTimersByTime(5_000)
    recording.receiver.current = makeReceiverStatus({
      received,
      itemsByService: new Map([['shop', 5]]),
    })
    jest.advanceTimersByTime(5_000)
    await recording.stop()
    const progress = parseLines<{ event: string }>(recording.text.stdout).filter(
      ({ event }) => event === 'progress',
    )
    expect(progress).toEqual([
      expect.objectContaining({ received, itemsByService: { shop: 5 }, refusedRequests: {} }),
    ])
  })

  test('writes a line into a log each half minute in which something came', async () => {
    const recording = startRecording()
    recording.receiver.current = makeReceiverStatus({ received })
    jest.advanceTimersByTime(29_000)
    await turn()
    expect(recording.text.stderr).not.toContain('received')
    jest.advanceTimersByTime(120_000)
    await recording.stop()
    expect(recording.text.stderr.match(/^received traces 5 \(500 B\).*$/gm)).toHaveLength(1)
    expect(recording.text.stderr).not.toContain('\u001b')
  })

  test('draws counters over themselves, and only when they changed', async () => {
    const recording = startRecording({ isTTY: true })
    jest.advanceTimersByTime(2_000)
    recording.receiver.current = makeReceiverStatus({ received })
    jest.advanceTimersByTime(2_000)
    await turn()
    const drawings = recording.text.stderr.split('tape: store ok').slice(1)
    expect(drawings).toHaveLength(2)
    // Six lines stand there: to the first of them, and away with all.
    expect(drawings[0]).toMatch(/\r\u001b\[6A\u001b\[J$/)
    expect(drawings[1]).toMatch(/^traces +5 /m)
    await recording.stop()
  })

  test('takes the counters away for a warning, and draws them below', async () => {
    const recording = startRecording({ isTTY: true })
    jest.advanceTimersByTime(1_000)
    diag.createComponentLogger({ namespace: 'otel-tape' }).warn('something is odd')
    jest.advanceTimersByTime(1_000)
    await recording.stop()
    expect(recording.text.stderr).toMatch(
      /\r\u001b\[6A\u001b\[Jotel-tape: warning: something is odd\ntape: store ok/,
    )
    expect(recording.text.stderr.split('\u001b[J').at(-1)).not.toContain('SIGNAL')
  })

  test('tells the same failure once a minute', async () => {
    const recording = startRecording()
    for (let seconds = 0; seconds < 90; seconds++) {
      recording.receiver.emit('failure', new Error('the store is down'))
      jest.advanceTimersByTime(1_000)
    }
    await recording.stop()
    expect(recording.text.stderr.match(/^otel-tape: warning: .*the store is down/gm)).toHaveLength(
      2,
    )
  })

  test('fails when a session could not be stored', async () => {
    const receiver = new StillReceiver([makeMetadata({ status: 'failed' })])
    const storage = {
      state: 'down',
      waitingBytes: 9,
      storedBytes: 0,
      lastFailure: 'it is full',
    } as const
    receiver.current = makeReceiverStatus({ storage })
    const recording = startRecording({ receiver })
    expect(await recording.stop()).toBe(1)
    expect(recording.text.stderr).toMatch(
      /^otel-tape: not all of session 'tape' could be stored \(it is full\): .*'otel-tape recover'/m,
    )
    expect(recording.text.stderr).not.toContain('replay it')
  })

  test('hides no loss where answers came from memory', async () => {
    const receiver = new StillReceiver([makeMetadata({ status: 'failed' })])
    const recording = startRecording({ receiver, ack: 'memory' })
    expect(await recording.stop()).toBe(1)
    expect(recording.text.stderr).toMatch(
      /^otel-tape: not all of session 'tape' could be stored: the rest is lost$/m,
    )
  })

  test('prints every session, also those that ended before', async () => {
    const recording = startRecording()
    recording.receiver.emit('sessionStopped', makeMetadata({ sessionId: 'earlier' }))
    await recording.stop()
    expect(recording.text.stderr.match(/^replay it: otel-tape replay [\w-]+/gm)).toEqual([
      'replay it: otel-tape replay earlier',
      'replay it: otel-tape replay tape',
    ])
  })
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Writable } from 'node:stream'
import type { OtlpReceiver, ReceiverStatus } from '../receive/receiver'
import { counterLine, liveCounters } from './live-counters'
import { type LiveLines, createLiveLines } from './live-lines'
import { failureText, recordEvents, recoveredLine, sessionLine } from './record-events'
import { routeDiagnostics } from './route-diagnostics'
import type { Terminal } from './terminal'

/** A person's terminal, as far as live counters need it. */
export interface LiveScreen extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

export interface WatchRecordingOptions {
  /** JSON lines on stdout, in place of notes and counters on stderr. */
  readonly json: boolean
  /** Whether a command writes to the same terminal: counters would stand in its way. */
  readonly isShared: boolean
  /** Where live counters are drawn, if that is a terminal. */
  readonly screen: LiveScreen
}

/** Tells what a receiver does while it runs. */
export interface RecordingWatch {
  /** Prints a line for machines, behind those that were printed before. */
  readonly print: (line: string) => void
  /** Tells a person something, above the counters. */
  readonly tell: (line: string) => void
  /** From now on sessions end because the recording does: its summary tells people of them. */
  readonly beginStop: () => void
  /** Takes the counters away, and resolves when all is printed. */
  readonly stop: () => Promise<void>
}

const EVENT_MILLIS = 1_000
const DRAWING_MILLIS = 250
const LOG_MILLIS = 30_000
/** A store that is down fails again and again; once is enough to know. */
const SAME_FAILURE_MILLIS = 60_000

export function watchRecording(
  receiver: OtlpReceiver,
  terminal: Terminal,
  options: WatchRecordingOptions,
): RecordingWatch {
  const { json, isShared, screen } = options
  const live = createLiveLines(screen)
  let isStopping = false
  let printing: Promise<unknown> = Promise.resolve()
  const watch: RecordingWatch = {
    // Events don't wait: what they print waits here, for a reader that is slow.
    print: (line) => void (printing = printing.then(() => terminal.print(line))),
    tell(line) {
      live.clear()
      terminal.note(line)
    },
    beginStop: () => void (isStopping = true),
    async stop() {
      stopCounting()
      live.clear()
      // From now on nothing is drawn that a warning could stand in.
      routeDiagnostics((line) => terminal.note(line))
      await printing
    },
  }
  routeDiagnostics(watch.tell)
  if (json) reportAsJson(receiver, watch)
  else reportToPeople(receiver, watch, () => isStopping)
  const stopCounting = startCounting()
  return watch

  function startCounting(): () => void {
    const status = (): ReceiverStatus => receiver.status()
    if (json) return eachChange(EVENT_MILLIS, () => recordEvents.progress(status()), watch.print)
    if (isShared) return () => undefined
    if (screen.isTTY) return eachInterval(DRAWING_MILLIS, () => draw(live, screen, status()))
    return eachChange(LOG_MILLIS, () => counterLine(status()), watch.tell)
  }
}

function draw(live: LiveLines, { columns = 80, rows = 24 }: LiveScreen, s: ReceiverStatus): void {
  live.show(liveCounters(s, { columns, rows }))
}

function eachChange(
  millis: number,
  describe: () => string,
  tell: (line: string) => void,
): () => void {
  let last = describe()
  return eachInterval(millis, () => {
    const line = describe()
    if (line !== last) tell(line)
    last = line
  })
}

function eachInterval(millis: number, work: () => void): () => void {
  const timer = setInterval(work, millis).unref()
  return () => clearInterval(timer)
}

function reportAsJson(receiver: OtlpReceiver, { print }: RecordingWatch): void {
  receiver
    .on('sessionStarted', (sessionId) => print(recordEvents.sessionStarted(sessionId)))
    .on('sessionStopped', (metadata) => print(recordEvents.sessionStopped(metadata)))
    .on('recovered', (recovered) => print(recordEvents.recovered(recovered)))
    .on('failure', (error) => print(recordEvents.failure(error)))
}

function reportToPeople(
  receiver: OtlpReceiver,
  { tell }: RecordingWatch,
  isStopping: () => boolean,
): void {
  let lastFailure = { line: '', atMillis: -Infinity }
  receiver
    .on('sessionStarted', (sessionId) => tell(`session ${sessionId} started`))
    .on('sessionStopped', (metadata) => isStopping() || tell(sessionLine(metadata)))
    .on('recovered', (recovered) => tell(recoveredLine(recovered)))
    .on('failure', (error) => {
      const line = failureText(error)
      const isNews = line !== lastFailure.line
      if (!isNews && Date.now() - lastFailure.atMillis < SAME_FAILURE_MILLIS) return
      lastFailure = { line, atMillis: Date.now() }
      tell(`otel-tape: warning: ${line}`)
    })
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { isatty } from 'node:tty'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SIGNALS } from '../otlp/signal'
import type { OtlpReceiver } from '../receive/receiver'
import type { SessionMetadata } from '../session/metadata'
import { type ChildEnd, startRecordedChild } from './record-child'
import type { RecordAccess } from './record-access'
import { recordEnvironment } from './record-environment'
import {
  listeningLines,
  missedLine,
  recordEvents,
  replayCommandLine,
  sessionLine,
} from './record-events'
import type { Terminal } from './terminal'
import { type LiveScreen, type RecordingWatch, watchRecording } from './watch-recording'

export interface RecordTelemetryOptions {
  readonly command: readonly string[]
  readonly json: boolean
  readonly storeUrl: string
  readonly ack?: string
  readonly forward?: string
  /** What the command has to name and to know. */
  readonly access?: RecordAccess
  /** Where live counters are drawn, if it is a terminal. Default: stderr. */
  readonly screen?: LiveScreen
}

const HANGUP_EXIT_CODE = 129
/** Sessions whose replay commands are printed; a listing shows them all. */
const TOLD_SESSIONS = 10
/** Of a receiver that rotates for months, the last ones are remembered. */
const REMEMBERED_SESSIONS = 1_000

/**
 * Records what a receiver gets until the command that was started for it ends, or else until
 * it is interrupted, and stops the receiver. Resolves with the exit code, unless that is for
 * whoever was interrupted to say.
 */
export async function recordTelemetry(
  receiver: OtlpReceiver,
  terminal: Terminal,
  options: RecordTelemetryOptions,
): Promise<number | undefined> {
  const { command, json, screen = process.stderr } = options
  const ended = new Map<string, SessionMetadata>()
  receiver.on('sessionStopped', (metadata) => remember(ended, metadata))
  const hasCommand = command.length > 0
  const env = hasCommand ? recordEnvironment(process.env, receiver, options.access) : process.env
  const watch = watchRecording(receiver, terminal, { json, isShared: hasCommand, screen })
  if (json) watch.print(recordEvents.listening(receiver))
  else for (const line of listeningLines(receiver, options)) watch.tell(line)
  const hangup = rotateAtHangup(receiver, watch)
  const child = hasCommand ? startRecordedChild(command, { env, stdoutToStderr: json }) : undefined
  try {
    const end = await (child ? child.ended : interruption(terminal.signal, hangup.hungUp))
    // What a command sent last may lie in a socket that nobody has looked at yet.
    for (let turns = 0; child && turns < 3; turns++) await nextTurn()
    if (!json && !child) watch.tell('stopping: storing what is left; Ctrl-C again ends at once')
    watch.beginStop()
    for (const metadata of await receiver.stop()) remember(ended, metadata)
    await finish(receiver, watch, [...ended.values()], terminal, options)
    return exitCodeOf(end, terminal)
  } finally {
    hangup.release()
  }
}

function remember(ended: Map<string, SessionMetadata>, metadata: SessionMetadata): void {
  ended.set(metadata.sessionId, metadata)
  const [oldest] = ended.keys()
  if (ended.size > REMEMBERED_SESSIONS) ended.delete(oldest)
}

async function finish(
  receiver: OtlpReceiver,
  watch: RecordingWatch,
  sessions: readonly SessionMetadata[],
  terminal: Terminal,
  { json, storeUrl, ack }: RecordTelemetryOptions,
): Promise<void> {
  if (json) watch.print(recordEvents.stopped(sessions, receiver.status()))
  await watch.stop()
  const { lastFailure } = receiver.status().storage
  const because = lastFailure === undefined ? '' : ` (${lastFailure})`
  const rest =
    ack === 'memory'
      ? 'the rest is lost'
      : "the rest is in the write-ahead folder, 'otel-tape recover' stores it later"
  for (const session of sessions) {
    if (isWhole(session)) continue
    const { sessionId } = session
    terminal.complain(`not all of session '${sessionId}' could be stored${because}: ${rest}`)
  }
  if (json) return
  // No failure: the recording has it, and the target's trouble is not ours.
  const missed = missedLine(receiver.status().forwarding)
  if (missed !== undefined) terminal.note(missed)
  for (const session of sessions.slice(-TOLD_SESSIONS)) {
    terminal.note(sessionLine(session))
    if (session.status === 'failed') continue
    terminal.note(replayCommandLine(session.sessionId, storeUrl))
  }
  if (sessions.length > TOLD_SESSIONS) terminal.note("'otel-tape sessions' lists the others")
}

function isWhole({ status, signals }: SessionMetadata): boolean {
  return status !== 'failed' && SIGNALS.every((signal) => signals[signal].droppedItems === 0)
}

function exitCodeOf(end: ChildEnd | undefined, terminal: Terminal): number | undefined {
  if (end?.problem !== undefined) terminal.complain(end.problem)
  if (end && end.exitCode !== 0) return end.exitCode
  if (terminal.hasFailed) return 1
  return end?.exitCode
}

async function interruption(
  signal: AbortSignal,
  hungUp: Promise<ChildEnd>,
): Promise<ChildEnd | undefined> {
  const interrupted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  return Promise.race([interrupted, hungUp])
}

interface Hangup {
  /** Settles when the terminal is gone, and with it whoever could press Ctrl-C. */
  readonly hungUp: Promise<ChildEnd>
  release(): void
}

/** SIGHUP asks a daemon to begin anew; from a terminal that was closed, it asks to end. */
function rotateAtHangup(receiver: OtlpReceiver, watch: RecordingWatch): Hangup {
  const hadTerminal = isatty(0)
  const hasLostTerminal = (): boolean => hadTerminal && !isatty(0)
  let listener = (): void => undefined
  const hungUp = new Promise<ChildEnd>((resolve) => {
    listener = () => {
      if (hasLostTerminal()) return resolve({ exitCode: HANGUP_EXIT_CODE })
      receiver.rotate().catch((error: Error) => {
        watch.tell(`otel-tape: warning: the session was not rotated: ${error.message}`)
      })
    }
  })
  // There it means that the window was closed, and the process is ended anyway.
  if (process.platform !== 'win32') process.on('SIGHUP', listener)
  return {
    hungUp,
    release() {
      process.off('SIGHUP', listener)
      // Node aborts at its end when it can't restore the terminal, as if it had crashed.
      if (hasLostTerminal()) process.once('exit', () => process.kill(process.pid, 'SIGHUP'))
    },
  }
}

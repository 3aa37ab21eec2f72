// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** What is to be stopped before the process ends. */
export interface StoppableRecording {
  /** Stores what there is so far. Never rejects. */
  flush(): Promise<void>
  /** Ends within seconds, keeps the process alive until then, never rejects. Again and again is once. */
  stop(): Promise<void>
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/**
 * Stops the recording when the process has nothing left to do, or is told to end
 * by a signal. Exit code and signal stay what they would have been.
 *
 * An app that handles the signal itself goes on for as long as it likes, and so
 * does the recording: what there is at the signal is stored at once, as many a
 * handler ends with `process.exit()`.
 */
export function stopAtExit(recording: StoppableRecording): void {
  process.once('beforeExit', () => void recording.stop())
  for (const signal of SIGNALS) stopAtSignal(recording, signal)
}

function stopAtSignal(recording: StoppableRecording, signal: NodeJS.Signals): void {
  let isEnding = false
  const onSignal = () => {
    if (isEnding) {
      raise() // a second Ctrl-C: the user does not want to wait
    } else if (isHandledByTheApp(signal)) {
      void recording.flush()
    } else {
      isEnding = true
      // A turn later: Node prints what the stop has warned of only after this one.
      void recording.stop().finally(() => setImmediate(raise))
    }
  }
  /** Without us, the signal does what it does by default. */
  const raise = () => {
    process.off(signal, onSignal)
    process.kill(process.pid, signal)
  }
  process.on(signal, onSignal)
}

/** Whether somebody listens who will end the process, or wants it to go on. */
function isHandledByTheApp(signal: NodeJS.Signals): boolean {
  return process.listenerCount(signal) - 1 > countOfPassiveListeners()
}

/**
 * The package signal-exit, which many a tool has, listens in order to clean up,
 * and ends the process only if nobody but signal-exit listens; it counts itself.
 * To it, we are somebody. Were it somebody to us, Ctrl-C would do nothing at all.
 */
function countOfPassiveListeners(): number {
  const emitters = [
    (process as { __signal_exit_emitter__?: unknown }).__signal_exit_emitter__,
    (globalThis as Record<symbol, unknown>)[Symbol.for('signal-exit emitter')],
  ]
  return emitters.reduce<number>((total, emitter) => {
    const count = (emitter as { count?: unknown } | undefined)?.count
    return typeof count === 'number' ? total + count : total
  }, 0)
}

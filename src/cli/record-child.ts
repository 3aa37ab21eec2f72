// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'

/** A command whose telemetry is recorded. */
export interface RecordedChild {
  /**
   * Resolves with its exit code when it has ended, 128 and more for a signal; with 127 or 126,
   * as a shell does, and why, if it could not be started.
   */
  readonly ended: Promise<ChildEnd>
}

export interface ChildEnd {
  readonly exitCode: number
  /** Why it could not be started. */
  readonly problem?: string
}

export interface RecordedChildOptions {
  readonly env: NodeJS.ProcessEnv
  /** Its stdout becomes our stderr: what stands on our stdout is for machines. */
  readonly stdoutToStderr: boolean
}

/** Starts a command that shares our terminal, and hands on to it the signals that it would miss. */
export function startRecordedChild(
  command: readonly string[],
  { env, stdoutToStderr }: RecordedChildOptions,
): RecordedChild {
  const [file, ...args] = command
  const child = spawn(file, args, {
    env,
    stdio: ['inherit', stdoutToStderr ? 2 : 'inherit', 'inherit'],
  })
  return { ended: endOf(child, file) }
}

async function endOf(child: ChildProcess, file: string): Promise<ChildEnd> {
  const stopForwarding = forwardSignals(child)
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return { exitCode: code ?? 128 + (signal ? constants.signals[signal] : 0) }
  } catch (error) {
    return startFailure(error as NodeJS.ErrnoException, file)
  } finally {
    stopForwarding()
  }
}

function startFailure({ code, message }: NodeJS.ErrnoException, file: string): ChildEnd {
  if (code === 'ENOENT') {
    const problem = `can't start '${file}': there is no such command (COMMAND_NOT_FOUND)`
    return { exitCode: 127, problem }
  }
  const reason = code === 'EACCES' ? 'it may not be executed' : message
  return { exitCode: 126, problem: `can't start '${file}': ${reason} (COMMAND_NOT_STARTED)` }
}

function forwardSignals(child: ChildProcess): () => void {
  const terminate = (): void => void child.kill('SIGTERM')
  const interrupt = (): void => {
    // Ctrl-C reaches all that belong to a terminal; a second one would end the child in its clean-up.
    if (!belongsToTerminal()) child.kill('SIGINT')
  }
  process.on('SIGTERM', terminate).on('SIGINT', interrupt)
  // Whoever asks twice ends us at once: the child must not stay behind.
  process.on('exit', terminate)
  return () =>
    void process.off('SIGTERM', terminate).off('SIGINT', interrupt).off('exit', terminate)
}

function belongsToTerminal(): boolean {
  return [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)
}

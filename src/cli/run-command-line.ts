// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { inspect } from 'node:util'
import { CommanderError } from 'commander'
import { holdProcess } from '../storage/hold-process'
import { describeError } from './describe-error'
import { createProgram } from './program'
import { routeDiagnostics } from './route-diagnostics'
import { type Terminal, createTerminal } from './terminal'

const EXIT_CODES = Object.freeze({ SIGINT: 130, SIGTERM: 143 })

/**
 * Runs `otel-tape` with these arguments, and resolves to its exit code:
 *
 * - 0: all of it worked
 * - 1: something did not, and stderr names it
 * - 2: the command was called wrongly
 * - 130, 143: ended by Ctrl-C or SIGTERM, after a clean stop
 * - what a command chose with `Terminal.endWith`
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  const stopping = new AbortController()
  const terminal = createTerminal(process, stopping.signal)
  let interrupted: keyof typeof EXIT_CODES | undefined
  const interrupt = (name: keyof typeof EXIT_CODES): void => {
    // Who asks twice does not want to wait for a clean stop.
    if (interrupted) {
      terminal.note('otel-tape: ended before it had stopped cleanly')
      process.exit(EXIT_CODES[name])
    }
    interrupted = name
    stopping.abort(new Error(`interrupted by ${name}`))
  }
  const crash = (error: unknown): void => process.exit(report(error, terminal))
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  process.on('uncaughtException', crash).on('unhandledRejection', crash)
  routeDiagnostics((line) => terminal.note(line))
  // Waits between attempts hold no process: a command would end in the middle of
  // them, with exit code 0 and without a word.
  const release = holdProcess()
  try {
    const exitCode = await runCommand(args, terminal)
    return terminal.exitCode ?? (interrupted ? EXIT_CODES[interrupted] : exitCode)
  } finally {
    release()
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** The same, of a terminal that need not be this process's. Never rejects. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(args, { from: 'user' })
    return terminal.hasFailed ? 1 : 0
  } catch (error) {
    if (error instanceof CommanderError) {
      // It has been told already; its exit code is 0 for --help and --version.
      return error.exitCode === 0 ? 0 : 2
    }
    return report(error, terminal)
  }
}

function report(error: unknown, terminal: Terminal): number {
  if (terminal.signal.aborted) {
    terminal.note('otel-tape: interrupted')
    return 1
  }
  const { line, exitCode } = describeError(error)
  terminal.complain(line)
  if (process.env.OTEL_TAPE_DEBUG)
    inspect(error)
      .split('\n')
      .forEach((text) => terminal.note(text))
  return exitCode
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { PassThrough } from 'node:stream'
import { runCommand } from '../../src/cli/run-command-line'
import { type Terminal, createTerminal } from '../../src/cli/terminal'
import { type Outcome, RECEIPT_FOLDER } from './command-line'

process.env.OTEL_TAPE_RECEIPT_FOLDER = RECEIPT_FOLDER

export interface TestTerminal {
  readonly terminal: Terminal
  readonly stdin: PassThrough
  readonly stdout: PassThrough
  readonly stderr: PassThrough
  /** What has been written so far. */
  readonly text: { stdout: string; stderr: string }
}

export interface TestTerminalOptions {
  isTTY?: boolean
  signal?: AbortSignal
}

/** A terminal whose streams the test holds the other ends of. */
export function makeTerminal(options: TestTerminalOptions = {}): TestTerminal {
  const { isTTY = false, signal = new AbortController().signal } = options
  const stdin = Object.assign(new PassThrough(), { isTTY })
  const stdout = new PassThrough()
  const stderr = Object.assign(new PassThrough(), { isTTY })
  const text = { stdout: '', stderr: '' }
  stdout.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk))
  stderr.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk))
  const terminal = createTerminal({ stdin, stdout, stderr }, signal)
  return { terminal, stdin, stdout, stderr, text }
}

/** Runs a command in this process, where starting another would add nothing but time. */
export async function runInside(
  args: readonly string[],
  { terminal, text } = makeTerminal(),
): Promise<Outcome> {
  const exitCode = await runCommand(args, terminal)
  // What was written last is on its way through the streams.
  await new Promise((resolve) => setImmediate(resolve))
  return { exitCode, ...text }
}

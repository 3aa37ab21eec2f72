// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(__dirname, '../..')

/** Of replays that are not told another one: in the current folder, tests leave nothing. */
export const RECEIPT_FOLDER = join(tmpdir(), 'otel-tape-test-receipts')

export interface Outcome {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningCommand {
  readonly process: ChildProcess
  /** Resolves when the process, and all that it started, has closed its outputs. */
  readonly outcome: Promise<Outcome>
}

/** Starts `otel-tape` from its source, in a process of its own, without the environment of this one. */
export function startCommand(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningCommand {
  const runner = [
    '--require',
    join(__dirname, '../support/register-typescript.cjs'),
    join(ROOT, 'src/cli/main.ts'),
    ...args,
  ]
  const { PATH, HOME } = process.env
  const child = spawn(process.execPath, runner, {
    env: { PATH, HOME, OTEL_TAPE_RECEIPT_FOLDER: RECEIPT_FOLDER, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { process: child, outcome: outcomeOf(child) }
}

/** Runs it to its end. */
export function runCommand(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return startCommand(args, env).outcome
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => (text[name] += chunk))
  }
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, ...text }
}

/** Lines of JSON as what they mean. */
export function parseLines<T>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}

/** A folder for the length of a test. */
export async function makeFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'otel-tape-cli-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

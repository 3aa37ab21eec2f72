// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { spawn, spawnSync } from 'node:child_process'

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** After which it is killed. Default five minutes. */
  readonly limitMillis?: number
}

const LIMIT_MILLIS = 5 * 60_000

/**
 * Runs a command to its end and gives what it wrote to stdout. Its environment is
 * this process's and what is given.
 *
 * @throws Error with the end of its stderr unless it ends with 0
 */
export async function runCommand(
  command: string,
  parameters: readonly string[],
  { cwd, env, limitMillis = LIMIT_MILLIS }: RunOptions = {},
): Promise<string> {
  const child = spawn(command, parameters, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMillis,
    killSignal: 'SIGKILL',
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (errors = (errors + text).slice(-4000)))
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`${command} ${parameters.join(' ')}: ${signal ?? code}\n${errors}`))
    })
  })
  return output
}

/** Whether a command is there and can be run. */
export function canRun(command: string, ...parameters: string[]): boolean {
  return spawnSync(command, parameters, { stdio: 'ignore', timeout: 30_000 }).status === 0
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const COMPAT_FOLDER = dirname(dirname(fileURLToPath(import.meta.url)))
export const ROOT = join(COMPAT_FOLDER, '../..')

const LIMIT_MILLIS = 5 * 60_000

/**
 * Runs a command to its end. `signalAt` is what it prints when it is to get SIGTERM.
 * The environment is only what a process needs to run, and what is given.
 */
export async function run(command, parameters, { cwd, env = {}, signalAt } = {}) {
  const { PATH, HOME } = process.env
  const child = spawn(command, parameters, {
    cwd,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MILLIS,
    killSignal: 'SIGKILL',
  })
  const written = { stdout: '', stderr: '', output: '' }
  const collect = (name) => (text) => {
    written[name] += text
    written.output += text
    if (signalAt && written[name].includes(signalAt)) child.kill('SIGTERM')
  }
  child.stdout.setEncoding('utf8').on('data', collect('stdout'))
  child.stderr.setEncoding('utf8').on('data', collect('stderr'))
  const [code, signal] = await once(child, 'close')
  return { code, signal, ...written }
}

/** npm with the user's own configuration: it knows where packages come from. */
export async function npm(cwd, ...parameters) {
  const { code, output } = await run('npm', [...parameters, '--no-audit', '--no-fund'], {
    cwd,
    env: process.env,
  })
  if (code !== 0) throw new Error(`npm ${parameters.join(' ')} in ${cwd} failed:\n${output}`)
  return output
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type * as Library from '../../../src/index'

// The package as it is built, which is what users have.
const DIST = join(__dirname, '../../../dist')
const COMMAND = join(DIST, 'cli/main.js')

/** The library, as an app loads it. */
export const otelTape = require(join(DIST, 'index.js')) as typeof Library

const LIMIT_MILLIS = 60_000

/**
 * Runs `otel-tape` with the given parameters, to its end.
 *
 * @throws Error with what it wrote to stderr unless it ends with 0
 */
export async function runOtelTape(
  parameters: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const running = startOtelTape(parameters, env)
  const [code, signal] = await running.exit
  if (code === 0) return running.stdout()
  const call = `otel-tape ${parameters.join(' ')}`
  throw new Error(`${call} ended with ${signal ?? code}:\n${running.stderr()}`)
}

/** `otel-tape record`, as it runs. */
export interface RunningReceiver {
  readonly httpUrl: string
  /** `127.0.0.1:PORT` */
  readonly grpcAddress: string
  /** What Ctrl-C does. Rejects unless everything was stored. */
  stop(): Promise<void>
}

/** Starts `otel-tape record` into a session, on free ports. */
export async function startReceiver(
  sessionId: string,
  env: Readonly<Record<string, string>>,
  ...options: string[]
): Promise<RunningReceiver> {
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-interop-'))
  const running = startOtelTape(
    [
      ...['record', '--json', '--session', sessionId, '--write-ahead', join(folder, 'wal')],
      ...['--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0', ...options],
    ],
    env,
  )
  const removeFolder = () => rm(folder, { recursive: true, force: true })
  const first = await Promise.race([running.firstLine, running.exit])
  if (Array.isArray(first)) {
    await removeFolder()
    throw new Error(`otel-tape record ended with ${first[0]}:\n${running.stderr()}`)
  }
  const listening = JSON.parse(first) as { event: string; http: string; grpc: string }
  expect(listening).toMatchObject({ event: 'listening', sessionId })
  return {
    httpUrl: listening.http,
    grpcAddress: listening.grpc,
    stop: async () => {
      running.kill('SIGINT')
      const [code, signal] = await running.exit
      await removeFolder()
      // 130 says: ended by Ctrl-C, and cleanly.
      if (code !== 130) {
        throw new Error(`otel-tape record ended with ${signal ?? code}:\n${running.stderr()}`)
      }
    },
  }
}

function startOtelTape(parameters: readonly string[], env: Readonly<Record<string, string>>) {
  const { PATH, HOME } = process.env
  const child = spawn(process.execPath, [COMMAND, ...parameters], {
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MILLIS,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const lines = createInterface({ input: child.stdout })
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    firstLine: new Promise<string>((resolve) => lines.once('line', resolve)),
    exit: once(child, 'close') as Promise<[number | null, string | null]>,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
  }
}

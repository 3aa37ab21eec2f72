// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeWith } from './describe-with'
import { waitUntil } from './wait-until'

/** Where `globalSetup` says which binary there is; empty without Go. */
export const COLLECTOR_VARIABLE = 'OTEL_TAPE_INTEROP_COLLECTOR'

export function describeWithCollector(name: string, tests: () => void): void {
  const isThere = Boolean(process.env[COLLECTOR_VARIABLE])
  describeWith({ what: 'Go, to build a Collector with,', isThere }, name, tests)
}

/** A Collector that runs. */
export interface RunningCollector {
  /** Base URL of its OTLP/HTTP receiver; empty if it has none. */
  readonly httpUrl: string
  /** `127.0.0.1:PORT` of its OTLP/gRPC receiver; empty if it has none. */
  readonly grpcAddress: string
  /** All that it logged. */
  log(): string
  /** SIGTERM: it takes nothing more, sends what it has, and ends. Rejects if it ends otherwise. */
  stop(): Promise<void>
}

const START_LIMIT_MILLIS = 30_000
const STOP_LIMIT_MILLIS = 60_000
const READY = 'Everything is ready'

// No metrics of its own: they would need a port. And a configuration that
// names ports that are taken must not be found out by the wrong process answering.
const TEST_ONLY = 'yaml:service::telemetry::metrics::level: none'

export async function startCollector(
  config: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningCollector> {
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-collector-'))
  const path = join(folder, 'config.yaml')
  await writeFile(path, config)
  const child = spawn(
    process.env[COLLECTOR_VARIABLE] ?? '',
    ['--config', path, '--config', TEST_ONLY],
    { env: { PATH: process.env.PATH, HOME: folder, ...env }, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const exit = once(child, 'close') as Promise<[number | null, string | null]>
  // Looked at when it is stopped.
  exit.catch(() => {})
  const isDone = () => child.exitCode !== null || child.signalCode !== null
  const end = async () => {
    await exit
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await waitUntil('the Collector is ready', () => isDone() || log.includes(READY), {
      limitMillis: START_LIMIT_MILLIS,
    })
    if (isDone()) throw new Error('the Collector ended')
  } catch (error) {
    child.kill('SIGKILL')
    await end()
    throw new Error(`${(error as Error).message}:\n${log}`)
  }
  const addressOf = (server: string) =>
    new RegExp(`Starting ${server} server\\t.*"endpoint": "([^"]+)"`).exec(log)?.[1] ?? ''
  const http = addressOf('HTTP')
  return {
    httpUrl: http && `http://${http}`,
    grpcAddress: addressOf('GRPC'),
    log: () => log,
    stop: async () => {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MILLIS)
      await end()
      clearTimeout(timer)
      if (child.exitCode !== 0) throw new Error(`The Collector ended badly:\n${log}`)
    },
  }
}

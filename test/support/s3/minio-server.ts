// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { TestServer } from './test-server'

const START_LIMIT_MILLIS = 30_000
const PORT_ATTEMPTS = 5
const KEYS = { accessKey: 'otel-tape-test', secretKey: 'otel-tape-test-secret' }

/** A MinIO that can be stopped and started again, with what it has stored. */
export interface MinioServer extends TestServer {
  /** It holds its connections, and answers nothing until it is resumed. */
  suspend(): void
  resume(): void
  /** Ends it as a crash would. */
  kill(): Promise<void>
  /** Starts it again where it was, after a kill. */
  restart(): Promise<void>
}

/** Starts a MinIO of our own on free ports of this machine, its objects in a folder of its own. */
export async function startMinio(binary: string): Promise<MinioServer> {
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-minio-'))
  try {
    for (let attempt = 1; ; attempt++) {
      // Between finding a port and taking it, somebody else may take it.
      const server = await startOnce(binary, folder).catch((error: unknown) => {
        if (attempt === PORT_ATTEMPTS) throw error
      })
      if (server) return server
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function startOnce(binary: string, folder: string): Promise<MinioServer> {
  const ports = [await freePort(), await freePort()] as const
  let running = await run(binary, folder, ports)
  return {
    ...KEYS,
    kind: 'minio',
    description: `${binary} at ${running.endpoint}`,
    endpoint: running.endpoint,
    region: 'us-east-1',
    suspend: () => running.signal('SIGSTOP'),
    resume: () => running.signal('SIGCONT'),
    kill: () => running.kill(),
    restart: async () => {
      running = await run(binary, folder, ports)
    },
    stop: async () => {
      await running.kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface RunningMinio {
  readonly endpoint: string
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  kill(): Promise<void>
}

async function run(
  binary: string,
  folder: string,
  [port, consolePort]: readonly [number, number],
): Promise<RunningMinio> {
  const addresses = [
    '--address',
    `127.0.0.1:${port}`,
    '--console-address',
    `127.0.0.1:${consolePort}`,
  ]
  const child = spawn(binary, ['server', join(folder, 'data'), ...addresses], {
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      MINIO_ROOT_USER: KEYS.accessKey,
      MINIO_ROOT_PASSWORD: KEYS.secretKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const watchdog = startWatchdog(child, folder)
  const endpoint = `http://127.0.0.1:${port}`
  const kill = async (): Promise<void> => {
    watchdog.kill()
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  try {
    await ready(child, endpoint)
  } catch (error) {
    await kill()
    throw error
  }
  return { endpoint, signal: (name) => void child.kill(name), kill }
}

/**
 * Kills the server and removes its folder when this process ends without its
 * teardown, however it ends: our end of the pipe closes, and `cat` with it.
 */
function startWatchdog(server: ChildProcess, folder: string): ChildProcess {
  const watchdog = spawn(
    'sh',
    ['-c', 'cat; kill -9 "$0"; sleep 1; rm -rf "$1"', String(server.pid), folder],
    // Of a group of its own: Ctrl-C is for everyone in ours.
    { stdio: ['pipe', 'ignore', 'ignore'], detached: true },
  )
  watchdog.on('error', () => {}) // There is no sh here.
  watchdog.unref()
  return watchdog
}

async function ready(child: ChildProcess, endpoint: string): Promise<void> {
  let output = ''
  const collect = (text: Buffer) => (output = (output + text.toString()).slice(-4000))
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  let failure: Error | undefined
  child.on('error', (error) => (failure = error))
  child.on('exit', (code) => (failure = new Error(`MinIO ended with code ${code}:\n${output}`)))
  const endsAt = Date.now() + START_LIMIT_MILLIS
  while (!(await isReady(endpoint))) {
    if (failure) throw failure
    if (Date.now() > endsAt) throw new Error(`MinIO did not start:\n${output}`)
    await wait(50)
  }
  if (failure) throw failure
}

async function isReady(endpoint: string): Promise<boolean> {
  return fetch(`${endpoint}/minio/health/ready`, { signal: AbortSignal.timeout(2000) }).then(
    (response) => response.ok,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

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

/** Starts a MinIO of our own on free ports of this machine, its objects in a folder of its own. */
export async function startMinio(binary: string): Promise<TestServer> {
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

async function startOnce(binary: string, folder: string): Promise<TestServer> {
  const [port, consolePort] = [await freePort(), await freePort()]
  const keys = { accessKey: 'otel-tape-test', secretKey: 'otel-tape-test-secret' }
  const child = spawn(
    binary,
    [
      'server',
      join(folder, 'data'),
      '--address',
      `127.0.0.1:${port}`,
      '--console-address',
      `127.0.0.1:${consolePort}`,
    ],
    {
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        MINIO_ROOT_USER: keys.accessKey,
        MINIO_ROOT_PASSWORD: keys.secretKey,
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const kill = () => child.kill('SIGKILL')
  const watchdog = startWatchdog(child, folder)
  const endpoint = `http://127.0.0.1:${port}`
  try {
    await ready(child, endpoint)
  } catch (error) {
    kill()
    watchdog.kill()
    throw error
  }
  return {
    ...keys,
    kind: 'minio',
    description: `${binary} at ${endpoint}`,
    endpoint,
    region: 'us-east-1',
    stop: async () => {
      watchdog.kill()
      if (child.exitCode === null) {
        kill()
        await once(child, 'exit')
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
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

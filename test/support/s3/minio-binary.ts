// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

const VERSION = 'v0.0.0-20260212201848-7aac2a2c5b7c'
const BUILD_LIMIT_MILLIS = 15 * 60 * 1000

/** A MinIO on the PATH, or one that an earlier run has built. */
export async function findMinio(): Promise<string | undefined> {
  const onPath = await findOnPath('minio')
  if (onPath) return onPath
  return (await isExecutable(cachedMinio())) ? cachedMinio() : undefined
}

/**
 * Builds MinIO from its source into the cache of tools, once, and returns its
 * path; `undefined` if there is no Go. Built elsewhere and renamed when done: a
 * build that is interrupted leaves nothing that looks like a binary.
 */
export async function buildMinio(): Promise<string | undefined> {
  const go = await findOnPath('go')
  if (!go) return undefined
  const cache = join(cachedMinio(), '..')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'build-'))
  try {
    process.stderr.write(`Building MinIO ${VERSION} once, which takes some minutes …\n`)
    await run(go, ['install', `github.com/minio/minio@${VERSION}`], folder)
    await rename(join(folder, 'minio'), cachedMinio())
    return cachedMinio()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function cachedMinio(): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(cache, 'otel-tape', 'bin', `minio-${VERSION}`)
}

async function run(command: string, parameters: string[], outputFolder: string): Promise<void> {
  const child = spawn(command, parameters, {
    env: { ...process.env, CGO_ENABLED: '0', GOBIN: outputFolder },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: BUILD_LIMIT_MILLIS,
    killSignal: 'SIGKILL',
  })
  let errors = ''
  child.stderr.on('data', (text: Buffer) => (errors = (errors + text.toString()).slice(-4000)))
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`${command} ${parameters.join(' ')}: ${signal ?? code}\n${errors}`))
    })
  })
}

async function findOnPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    if (await isExecutable(join(folder, name))) return join(folder, name)
  }
  return undefined
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

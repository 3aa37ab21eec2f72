// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cachedFolder } from './cached-folder'
import { canRun, runCommand } from './run-command'

const BUILDER = 'go.opentelemetry.io/collector/cmd/builder@v0.139.0'
const CONFIG = join(__dirname, '../collector/builder-config.yaml')
const LIMIT_MILLIS = 10 * 60_000

/** Builds the Collector, once; `undefined` if there is no Go. */
export async function collectorBinary(): Promise<string | undefined> {
  if (!canRun('go', 'version')) return undefined
  const recipe = [BUILDER, await readFile(CONFIG, 'utf8')]
  const folder = await cachedFolder('collector', recipe, buildInto)
  return join(folder, 'otelcol')
}

async function buildInto(folder: string): Promise<void> {
  const work = join(folder, 'work')
  await mkdir(work)
  const env = { GOBIN: work, CGO_ENABLED: '0' }
  await runCommand('go', ['install', BUILDER], { env, limitMillis: LIMIT_MILLIS })
  await copyFile(CONFIG, join(work, 'config.yaml'))
  await runCommand('./builder', ['--skip-strict-versioning', '--config', 'config.yaml'], {
    cwd: work,
    env,
    limitMillis: LIMIT_MILLIS,
  })
  await rename(join(work, 'build/otelcol'), join(folder, 'otelcol'))
  await rm(work, { recursive: true })
}

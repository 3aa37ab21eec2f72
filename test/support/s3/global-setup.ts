// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { selectServer } from './select-server'
import { type TestServer, publishTestServer } from './test-server'

declare global {
  var otelTapeTestServer: TestServer | undefined
}

/** What Jest tells its setup, as far as we look at it. */
interface JestRun {
  readonly rootDir: string
  readonly testPathPatterns?: { readonly patterns?: readonly string[] }
}

/** Starts the S3 server of this run, and says which it is. */
export default async function globalSetup(run: JestRun): Promise<void> {
  const server = await selectServer(await usesS3(run))
  globalThis.otelTapeTestServer = server
  publishTestServer(server)
  process.stderr.write(`S3 tests run against ${server.description}\n`)
}

/** Whether a build of MinIO is worth it: not for a run of a few files that need no S3. */
async function usesS3({ rootDir, testPathPatterns }: JestRun): Promise<boolean> {
  const patterns = (testPathPatterns?.patterns ?? []).map((pattern) => new RegExp(pattern, 'i'))
  const folder = join(rootDir, 'test')
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name)
    if (!name.endsWith('.test.ts') || name.includes('node_modules')) continue
    if (patterns.length > 0 && !patterns.some((pattern) => pattern.test(path))) continue
    if ((await readFile(path, 'utf8')).includes('support/s3/test-bucket')) return true
  }
  return false
}

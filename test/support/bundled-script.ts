// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { BUNDLE_ENVIRONMENT, bundleSources } from './bundle-sources'

/** A script of a test as one file, which starts in a tenth of the time that its sources take. */
export interface BundledScript {
  readonly path: string
  /** For the process that runs it: where packages are found. */
  readonly environment: Readonly<Record<string, string>>
  remove(): Promise<void>
}

/** For tests that start many processes of it. */
export async function bundleScript(source: string): Promise<BundledScript> {
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-script-'))
  const path = join(folder, basename(source).replace(/\.ts$/, '.cjs'))
  await bundleSources(source, path)
  return {
    path,
    environment: BUNDLE_ENVIRONMENT,
    remove: () => rm(folder, { recursive: true }),
  }
}

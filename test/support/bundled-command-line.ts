// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

const ROOT = join(__dirname, '../..')

/**
 * The command line as one file below `folder`, as it is published: for tests that start it so often
 * that translating its sources each time would take longer than what it does.
 */
export async function bundleCommandLine(folder: string): Promise<string> {
  const outfile = join(folder, 'dist/cli/main.js')
  await build({
    entryPoints: [join(ROOT, 'src/cli/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    // These come from where they are installed, and only when they are used.
    external: ['undici', 'minio', '@grpc/*', '@opentelemetry/*', 'cli-progress', './demo/shop-app'],
    logLevel: 'error',
  })
  // It reads its version from there.
  await copyFile(join(ROOT, 'package.json'), join(folder, 'package.json'))
  return outfile
}

/** What a process needs in its environment to run it. */
export const BUNDLE_ENVIRONMENT = Object.freeze({ NODE_PATH: join(ROOT, 'node_modules') })

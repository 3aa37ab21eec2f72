// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleSources } from './bundle-sources'

const ROOT = join(__dirname, '../..')

/**
 * The command line as one file below `folder`, as it is published: for tests that start it so often
 * that translating its sources each time would take longer than what it does.
 */
export async function bundleCommandLine(folder: string): Promise<string> {
  const outfile = join(folder, 'dist/cli/main.js')
  await bundleSources(join(ROOT, 'src/cli/main.ts'), outfile)
  // It reads its version from there.
  await copyFile(join(ROOT, 'package.json'), join(folder, 'package.json'))
  return outfile
}

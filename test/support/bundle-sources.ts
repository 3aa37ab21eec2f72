// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { build } from 'esbuild'

/** What a process needs in its environment to run a bundle, which lies somewhere else: packages. */
export const BUNDLE_ENVIRONMENT: Readonly<Record<string, string>> = Object.freeze({
  NODE_PATH: join(__dirname, '../../node_modules'),
})

/** Makes one file of a source and of all that it imports of ours. */
export async function bundleSources(source: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    packages: 'external',
    // A process of its own, of which the command line only needs to know where it lies.
    external: ['./demo/shop-app'],
    logLevel: 'warning',
  })
}

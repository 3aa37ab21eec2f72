// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Puts the front door and the command line together, each into one file: loading a
// hundred and fifty small files takes three times as long as loading one.

import { copyFileSync, readFileSync } from 'node:fs'
import { build } from 'esbuild'

// Loaded at import as a package, it takes as long as all of ours; of what it has, little is used.
const BUNDLED = ['valibot']

const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
const external = Object.keys({ ...dependencies, ...peerDependencies })
  .filter((name) => !BUNDLED.includes(name))
  .flatMap((name) => [name, `${name}/*`])

await build({
  entryPoints: ['src/index.ts', 'src/cli/main.ts'],
  outbase: 'src',
  outdir: 'dist',
  // Over the module of that name that the compiler has just put there.
  allowOverwrite: true,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: true,
  logLevel: 'warning',
  // Started as a process of its own, by the path that it has in dist as in src.
  external: [...external, './demo/shop-app'],
})
for (const name of BUNDLED)
  copyFileSync(`node_modules/${name}/LICENSE.md`, `dist/${name}.LICENSE.md`)

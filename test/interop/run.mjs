// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Proves that otel-tape, as it is built, works with what others have written: a real
// Collector in both directions, the SDKs of four languages as senders, a recording of
// the OpenTelemetry Demo. Every item is compared by its id on both sides.
//
//   node test/interop/run.mjs [patterns and options of Jest]
//
// The Collector, MinIO and the senders are built on first use and kept in the user's
// cache. What has no tool on this machine is skipped, and says so; with CI set it fails.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')

if (!existsSync(join(ROOT, 'dist/cli/main.js'))) {
  console.error('There is no dist/cli/main.js: run `npm run build` first.')
  process.exit(1)
}

const jest = spawn(
  process.execPath,
  [
    // As `npm test` starts it: packages of ES modules alone are loaded with import().
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(ROOT, 'node_modules/jest/bin/jest.js'),
    '--config',
    join(ROOT, 'test/interop/jest.config.json'),
    '--runInBand',
    ...process.argv.slice(2),
  ],
  { cwd: ROOT, stdio: 'inherit' },
)
// Ctrl-C reaches the whole group: Jest ends, and its teardown stops what it started.
process.on('SIGINT', () => {})
jest.on('error', (error) => {
  console.error(error.message)
  process.exitCode = 1
})
jest.on('close', (code) => {
  process.exitCode = code ?? 1
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Runs all suites against the otel-tape that is installed here; exits non-zero if any fails.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const bin = (path) => join(here, 'node_modules', path)
const jest = [bin('jest/bin/jest.js'), '--config', 'jest/jest.config.cjs']
const vitest = [bin('vitest/vitest.mjs'), 'run', '--config', 'vitest/vitest.config.mjs']

const suites = {
  'Jest, CommonJS': [...jest, '.cjs'],
  'Jest, ES modules': ['--experimental-vm-modules', ...jest, '.mjs'],
  'Vitest, forks': [...vitest, '--pool', 'forks'],
  'Vitest, vm threads': [...vitest, '--pool', 'vmThreads'],
  'Vitest, all files in one process': [...vitest, '--pool', 'threads', '--no-isolate'],
  'node:test, CommonJS': ['--test', 'node/commonjs.test.cjs'],
  'node:test, ES modules': ['--test', 'node/es-module.test.mjs'],
  'a script under sinon': ['node/sinon.cjs'],
}

const failed = Object.entries(suites).filter(([name, args]) => {
  console.log(`\n== ${name}`)
  const { status } = spawnSync(process.execPath, args, {
    cwd: here,
    stdio: 'inherit',
    timeout: 120_000,
  })
  return status !== 0
})

console.log(
  `\n${Object.keys(suites).length - failed.length} of ${Object.keys(suites).length} passed`,
)
for (const [name] of failed) console.log(`FAILED: ${name}`)
process.exitCode = failed.length > 0 ? 1 : 0

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type BundledScript, bundleScript } from '../support/bundled-script'

// On a busy machine.
jest.setTimeout(60_000)

/** What the child says in the end. */
interface Outcome {
  made: number
  exported: number
  failed: number
  status: string
  dropped: number
  counted: number
  stored: number
  distinct: number
}

const folder = mkdtempSync(join(tmpdir(), 'otel-tape-pressure-'))
let script: BundledScript

beforeAll(async () => {
  script = await bundleScript(join(__dirname, 'children/capture-under-pressure.ts'))
})
afterAll(async () => {
  await script.remove()
  rmSync(folder, { recursive: true })
})

/** Runs the child within a shell that has done something first, with its folder as `$0`. */
async function run(shortage: string, command: string[], before: string): Promise<Outcome> {
  const store = join(folder, shortage.replace(' ', '-'))
  mkdirSync(store)
  const [file, ...parameters] = [...command, 'sh', '-c', `${before} && exec "$@"`, store]
  const child = spawn(file, [...parameters, process.execPath, script.path, store, shortage], {
    env: { PATH: process.env.PATH, ...script.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const outputs = Promise.all([text(child.stdout), text(child.stderr)])
  await once(child, 'close')
  const [stdout, stderr] = await outputs
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Outcome
}

function expectNothingUncounted(outcome: Outcome): void {
  const { made, exported, failed, stored, distinct, counted, dropped } = outcome
  expect({ exported, failed }).toEqual({ exported: made, failed: 0 })
  expect(stored).toBe(distinct)
  expect(counted).toBe(stored)
  expect(stored + dropped).toBe(made)
}

const MOUNT = ['unshare', '--user', '--map-root-user', '--mount']
const canMount =
  spawnSync(MOUNT[0], [...MOUNT.slice(1), 'sh', '-c', 'mount -t tmpfs tmpfs "$0"', folder])
    .status === 0

;(canMount ? test : test.skip)(
  'a disk that is full for a while (needs user namespaces)',
  async () => {
    const outcome = await run('disk', MOUNT, 'mount -t tmpfs -o size=2m tmpfs "$0"')
    expectNothingUncounted(outcome)
    expect(outcome.status).toBe('completed')
    expect(outcome.dropped).toBeGreaterThan(0)
  },
)

test('a limit to the size of files', async () => {
  const outcome = await run('file size', [], 'ulimit -f 200')
  expectNothingUncounted(outcome)
  expect(outcome.dropped).toBeGreaterThan(0)
})

test('no file handles left for a while', async () => {
  const outcome = await run('handles', [], 'ulimit -n 128')
  expectNothingUncounted(outcome)
  expect(outcome.status).toBe('completed')
  expect(outcome.dropped).toBeGreaterThan(0)
})

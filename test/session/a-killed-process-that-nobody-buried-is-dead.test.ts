// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { isKnownDead, ownIdentity } from '../../src/session/process-identity'

const onLinux = existsSync('/proc/self/stat') ? test : test.skip

onLinux('a zombie is known to be dead; its parent, which lives, is not', async () => {
  // The shell becomes a program that never asks after its child.
  const parent = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 60'])
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const zombie = { ...ownIdentity(), pid: Number(line.toString()) }
    await waitUntil(() => isKnownDead(zombie))
    expect(() => process.kill(zombie.pid, 0)).not.toThrow()
    expect(isKnownDead({ ...ownIdentity(), pid: Number(parent.pid) })).toBe(false)
  } finally {
    parent.kill('SIGKILL')
    await once(parent, 'exit')
  }
})

async function waitUntil(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CaptureConfig } from '../../src/capture/capture-config'
import type { Capture } from '../../src/capture/start-capture'
import { MemoryStore } from '../../src/storage/memory-store'
import { useWarnings } from './collect-warnings'
import { startSpooling } from './spool'
import { createSwitchedStore } from './stores/switched-store'

/** What the tests of a file find anew each: a store that can be down, and a spool beside it. */
export interface SpoolScene {
  /** Whether captures reach the store. */
  isDown: boolean
  /** The store itself, whether captures reach it or not. */
  readonly store: MemoryStore
  /** The spool of all captures. Nobody has made it yet. */
  readonly folder: string
  /** The folder around it. */
  readonly root: string
  readonly warnings: readonly string[]
  start(sessionId: string, config?: CaptureConfig): Capture
}

export function useSpoolScene(): SpoolScene {
  const own = () => ({ isDown: false, store: new MemoryStore(), folder: '', root: '' })
  const scene = {
    ...own(),
    warnings: useWarnings(),
    start: (sessionId: string, config?: CaptureConfig) => {
      const reached = createSwitchedStore(scene.store, () => scene.isDown)
      return startSpooling(reached, scene.folder, sessionId, config)
    },
  }
  beforeEach(async () => {
    const root = await mkdtemp(join(tmpdir(), 'spool-'))
    Object.assign(scene, { ...own(), folder: join(root, 'spool'), root })
  })
  afterEach(() => rm(scene.root, { recursive: true, force: true }))
  return scene
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as sources from '../../src/index'
import { startScript } from '../support/child-script'

interface Opened {
  rooms: Record<'required' | 'recording' | 'captured', string[]>
  isStorageError: boolean[]
  names: string[]
  areSame: boolean
}

const isBuilt = existsSync(join(__dirname, '../../dist/front/recording.js'))
const title = isBuilt ? 'the built package' : 'the built package (skipped: npm run build makes it)'

;(isBuilt ? describe : describe.skip)(title, () => {
  let opened: Opened

  beforeAll(async () => {
    opened = (await messageOf('open-the-built-front-door.ts')) as Opened
  })

  it('loads nothing when it is required, and who captures no other room', () => {
    const recording = ['front/recording.js']
    expect(opened.rooms).toEqual({ required: [], recording, captured: recording })
  })

  it('has one StorageError in all rooms', () => {
    expect(opened.isStorageError).toEqual([true, true])
  })

  it('exports what the sources export, the same at every read', () => {
    expect(opened.names).toEqual(Object.keys(sources).sort())
    expect(opened.areSame).toBe(true)
  })

  it('lets ECMAScript modules import each of them by name', async () => {
    const importable = await messageOf('import-the-built-front-door.mjs')
    expect(importable).toEqual(Object.keys(sources).sort())
  })
})

async function messageOf(child: string): Promise<unknown> {
  const script = startScript(join(__dirname, 'children', child))
  const message = await script.message()
  await script.done()
  return message
}

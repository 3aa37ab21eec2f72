// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import type { Signal } from '../../src/otlp/signal'
import { FileStore } from '../../src/storage/file-store'
import { startScript } from './child-script'
import { decodeIndependently } from './independent-decoder'
import { expectHonest, expectSoon, filesIn } from './spool'
import { contentOf, namesIn, recoverAndFinish } from './write-ahead'

export interface KillsResult {
  /** Captures that were under way when their process was killed. */
  readonly killedCaptures: number
  /** Sessions in the store in the end. */
  readonly sessions: number
  /** Items that lay in the spool after some kill. */
  readonly spooledItems: number
  /** Of these, those that are not in the store in the end. */
  readonly lostItems: readonly string[]
  readonly storedItems: number
  readonly problems: readonly Error[]
}

const SCRIPT = join(__dirname, '..', 'capture', 'children', 'spool-until-killed.ts')

export interface KillsOptions {
  rounds: number
  /** That share the folder at a time, and are killed one after the other. */
  processes: number
  /** Captures in each process. */
  atOnce: number
}

/**
 * Kills processes that capture, spool and recover, at random moments, while the
 * store goes up and down; then lets a last one recover what is left. Fails if
 * anything is stored twice, or if a session does not say what lies in it.
 */
export async function killSpooling(
  root: string,
  { rounds, processes, atOnce }: KillsOptions,
): Promise<KillsResult> {
  const [storeFolder, spool, down] = ['store', 'spool', 'down'].map((name) => join(root, name))
  const spooled = new Set<string>()
  for (let round = 0; round < rounds; round++) {
    await writeFile(down, '')
    const children = Array.from({ length: processes }, (_, index) =>
      startScript(SCRIPT, storeFolder, down, spool, `${round}-${index}`, `${atOnce}`),
    )
    await Promise.all(children.map((child) => child.message()))
    await expectSoon(async () => (await filesIn(spool)).some((name) => name.endsWith('.gz')))
    for (const child of children) {
      await switchAtRandom(down, Math.random() * 1_000)
      await child.kill()
    }
    for (const name of await namesInSpool(spool)) spooled.add(name)
  }
  const store = new FileStore(storeFolder)
  const { problems } = await recoverAndFinish(store, spool)
  expect(await filesIn(spool)).toEqual([])
  const stored: string[] = []
  let sessions = 0
  for await (const prefix of store.listFolders('sessions/')) {
    const sessionId = prefix.split('/')[1]
    // Of a capture that was killed while it entered there may be a summary, and no session yet.
    const hasBegun = await store.head(`${prefix}metadata.json`)
    if (!hasBegun) expect((await contentOf(store, sessionId)).segments).toBe(0)
    else stored.push(...(await expectHonest(store, sessionId)))
    sessions++
  }
  const found = new Set(stored)
  expect(stored).toHaveLength(found.size)
  return {
    killedCaptures: rounds * processes * atOnce,
    sessions,
    spooledItems: spooled.size,
    lostItems: [...spooled].filter((name) => !found.has(name)),
    storedItems: stored.length,
    problems,
  }
}

async function switchAtRandom(down: string, forMillis: number): Promise<void> {
  const endMillis = Date.now() + forMillis
  while (Date.now() < endMillis) {
    await (Math.random() < 0.5 ? rm(down, { force: true }) : writeFile(down, ''))
    await sleep(Math.random() * 300)
  }
}

/** As any gzip tool and any OTLP decoder read them. */
export async function namesInSpool(spool: string): Promise<string[]> {
  const names: string[] = []
  for (const file of await filesIn(spool)) {
    if (!file.endsWith('.otlp.gz')) continue
    const signal = basename(file).split('-')[0] as Signal
    names.push(
      ...namesIn(decodeIndependently(signal, gunzipSync(await readFile(join(spool, file))))),
    )
  }
  return names
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, readFile, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { FileStore } from '../../src/storage/file-store'
import { startScript } from '../support/child-script'
import { contentOf, expectExactTotals, recoverAndFinish } from '../support/write-ahead'

const SCRIPT = join(__dirname, 'children', 'keep-for-ever.ts')
/** Each followed by a receiver that recovers, in which the next kill may come. */
const KILLS = Number(process.env.OTEL_TAPE_TEST_KILLS || 10)

let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sigkill-'))
})

afterAll(() => rm(root, { recursive: true }))

test(
  'killed again and again, nothing that was acknowledged is lost or there twice',
  async () => {
    const [store, folder] = [join(root, 'store'), join(root, 'write-ahead')]
    const acknowledged = join(root, 'acknowledged')
    for (let kill = 0; kill < KILLS; kill++) {
      const child = startScript(SCRIPT, store, folder, acknowledged, `${kill}`)
      // Every third is killed somewhere in its start or its recovery.
      if (kill % 3 === 2) await setTimeout(250 + Math.random() * 300)
      else {
        await child.message()
        await setTimeout(Math.random() * 250)
      }
      await child.kill()
    }
    const opened = new FileStore(store)
    const { problems } = await recoverAndFinish(opened, folder)
    for (const problem of problems) expect(problem).toMatchObject({ code: 'DAMAGED' })
    const promised = (await readFile(acknowledged, 'utf8')).trim().split('\n')
    const { names } = await contentOf(opened, 'killed')
    process.stdout.write(
      `${KILLS} kills: ${promised.length} acknowledged, ${names.length} stored\n`,
    )
    const stored = new Set(names)
    expect(promised.filter((name) => !stored.has(name))).toEqual([])
    expect(stored.size).toBe(names.length)
    await expectExactTotals(opened, 'killed')
    // A folder that does not say whose it is yet is left for a minute: its writer may just begin.
    const hourAgo = Date.now() / 1_000 - 3_600
    for (const name of await readdir(folder)) await utimes(join(folder, name), hourAgo, hourAgo)
    await recoverAndFinish(opened, folder)
    expect((await readdir(folder)).filter((name) => name !== 'damaged')).toEqual([])
  },
  30_000 + KILLS * 10_000,
)

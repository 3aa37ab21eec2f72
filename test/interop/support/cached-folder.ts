// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * A folder in the user's cache of tools that `make` has filled, now or in an earlier
 * run; `recipe` is all that decides its content. It is made elsewhere and renamed
 * when done: one that is interrupted leaves nothing that looks complete.
 */
export async function cachedFolder(
  name: string,
  recipe: readonly string[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'otel-tape')
  const hash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 16)
  const folder = join(cache, `${name}-${hash}`)
  if (existsSync(folder)) return folder
  await mkdir(cache, { recursive: true })
  const unfinished = await mkdtemp(join(cache, `${name}-unfinished-`))
  const startedAt = Date.now()
  process.stderr.write(`Building ${name} once …\n`)
  try {
    await make(unfinished)
    await rename(unfinished, folder).catch((error: unknown) => {
      // Another run was faster.
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  process.stderr.write(`Built ${name} in ${Math.round((Date.now() - startedAt) / 1000)} s\n`)
  return folder
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from '../../storage/sync-folder'

/** Writes it so that it is there as a whole, or not at all, also after a crash of the machine. */
export async function writeJsonFile(path: string, content: object): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(content, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

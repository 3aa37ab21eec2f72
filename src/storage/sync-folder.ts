// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { open } from 'node:fs/promises'

/**
 * Flushes the names in a folder to disk: a file that is flushed itself and whose
 * name is not is gone after a power failure, and a removed one is back.
 */
export async function syncFolder(path: string): Promise<void> {
  // Windows can't open a folder, and writes its names through.
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

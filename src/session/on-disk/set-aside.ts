// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdir, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** Where damaged files are kept, below a folder that writers share. */
export const DAMAGED_FOLDER = 'damaged'

/** Moves a damaged file to where nobody takes it for one to recover, and gives its new path. */
export async function setAside(root: string, path: string): Promise<string> {
  const folder = join(root, DAMAGED_FOLDER)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const aside = join(folder, basename(path))
  await rename(path, aside)
  return aside
}

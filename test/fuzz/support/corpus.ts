// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const CORPUS_FOLDER = join(__dirname, '../corpus')

/** An input that was kept, because a parser once did something wrong with it. */
export interface KeptInput {
  /** What was wrong. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** The inputs that are kept for a target: the files in the folder that is named after it. */
export function keptInputs(targetName: string): KeptInput[] {
  const folder = join(CORPUS_FOLDER, folderNameOf(targetName))
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }))
}

/** Folders that no target is called after: nobody would notice that their inputs are not tried. */
export function strayFolders(targetNames: readonly string[]): string[] {
  const known = new Set(targetNames.map(folderNameOf))
  return readdirSync(CORPUS_FOLDER).filter((name) => !known.has(name))
}

export function folderNameOf(targetName: string): string {
  return targetName.toLowerCase().replace(/[^a-z0-9]+/g, '-')
}

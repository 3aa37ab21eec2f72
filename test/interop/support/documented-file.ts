// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const PAGE = readFileSync(join(__dirname, '../../../docs/collector.md'), 'utf8')

/**
 * A block of docs/collector.md, known by the file name in its first line, with
 * some texts replaced. What the page shows is thereby what is tested.
 *
 * @param replacements every one has to be found, or the test would test something else
 */
export function documentedFile(
  fileName: string,
  replacements: Readonly<Record<string, string>> = {},
): string {
  const blocks = [...PAGE.matchAll(/^```\w+\n(?:#|\/\/) (\S+)\n([\s\S]*?)^```$/gm)]
  const found = blocks.filter(([, name]) => name === fileName)
  if (found.length !== 1) throw new Error(`docs/collector.md has ${found.length} ${fileName}`)
  let text = found[0][2]
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`${fileName} in docs/collector.md has no ${from}`)
    text = text.replaceAll(from, to)
  }
  return text
}

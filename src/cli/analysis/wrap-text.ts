// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { widthOfText } from '../cut-to-width'
import { printable } from '../printable'

/** Text as lines of words that fit; a word that is longer than a line has one of its own. */
export function wrapText(
  text: string,
  columns: number,
  [firstIndent, indent]: readonly [first: string, others: string] = ['', ''],
): string[] {
  const lines: string[] = []
  let line: string | undefined
  for (const word of printable(text).trimStart().split(' ')) {
    const longer = line === undefined ? firstIndent + word : `${line} ${word}`
    if (line !== undefined && widthOfText(longer) > columns) {
      lines.push(line)
      line = indent + word
    } else line = longer
  }
  return line === undefined ? lines : [...lines, line]
}

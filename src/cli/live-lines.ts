// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Writable } from 'node:stream'

/** Lines at the end of a terminal that are drawn anew in their place. */
export interface LiveLines {
  /** Draws these lines, unless they stand there already. */
  show(lines: readonly string[]): void
  /** Takes the lines away, for something that is to stay; the next `show` draws them below it. */
  clear(): void
}

export function createLiveLines(stream: Writable): LiveLines {
  let drawn: readonly string[] = []
  const toTop = (): string => (drawn.length > 0 ? `\r\u001b[${drawn.length}A\u001b[J` : '')
  return {
    show(lines) {
      if (lines.length === drawn.length && lines.every((line, index) => line === drawn[index])) {
        return
      }
      stream.write(`${toTop()}${lines.map((line) => `${line}\n`).join('')}`)
      drawn = [...lines]
    },
    clear() {
      if (drawn.length > 0) stream.write(toTop())
      drawn = []
    },
  }
}

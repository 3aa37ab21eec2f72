// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { printable } from './printable'

export interface Column {
  readonly title: string
  /** Numbers stand right, so that their digits stand below each other. */
  readonly align?: 'left' | 'right'
}

/** A table as lines of text, its columns as wide as what stands in them. */
export function tableLines(columns: readonly Column[], rows: readonly string[][]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(printable))]
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index].length)))
  return cells.map((row) =>
    row
      .map((cell, index) =>
        columns[index].align === 'right'
          ? cell.padStart(widths[index])
          : cell.padEnd(widths[index]),
      )
      .join('  ')
      .trimEnd(),
  )
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { cutToWidth, widthOfText } from '../cut-to-width'
import { printable } from '../printable'
import type { Column } from '../table'

/** Names are not cut to less than this, however narrow the terminal is. */
const LEAST_WIDTH = 8
const GAP = '  '

export interface FittedColumn extends Column {
  /** Never cut: an id that lacks a part names nothing. */
  readonly isWhole?: boolean
  /** Left out where the terminal is narrow; the last one first. */
  readonly isSpare?: boolean
}

/**
 * A table that fits: the widest columns of text give way, and what they lack ends with `…`;
 * before it gets too narrow to read, columns that can be spared are left out.
 */
export function fittedTable(
  columns: readonly FittedColumn[],
  rows: readonly (readonly string[])[],
  terminalColumns: number,
): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(printable))]
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => widthOfText(row[index]))))
  const shown = columnsThatFit(columns, widths, terminalColumns)
  const room = terminalColumns - GAP.length * (shown.length - 1)
  for (let excess = sum(shown.map((index) => widths[index])) - room; excess > 0; excess--) {
    const widest = indexOfWidest(shown, widths, columns)
    if (widest === undefined || widths[widest] <= LEAST_WIDTH) break
    widths[widest]--
  }
  return cells.map((row) =>
    shown
      .map((index) => padded(row[index], widths[index], columns[index].align))
      .join(GAP)
      .trimEnd(),
  )
}

/** The numbers of the columns that there is room for, with texts as short as can be. */
function columnsThatFit(
  columns: readonly FittedColumn[],
  widths: readonly number[],
  terminalColumns: number,
): readonly number[] {
  let shown = columns.map((_, index) => index)
  const leastOf = (index: number): number =>
    isFlexible(columns[index]) ? Math.min(widths[index], LEAST_WIDTH) : widths[index]
  while (sum(shown.map(leastOf)) + GAP.length * (shown.length - 1) > terminalColumns) {
    const spare = shown.findLast((index) => columns[index].isSpare)
    if (spare === undefined) return shown
    shown = shown.filter((index) => index !== spare)
  }
  return shown
}

function padded(cell: string, width: number, align: Column['align'] = 'left'): string {
  const fitting = cutToWidth(cell, width)
  const space = ' '.repeat(Math.max(0, width - widthOfText(fitting)))
  return align === 'right' ? space + fitting : fitting + space
}

/** Text alone: a number that is cut is another number. */
function isFlexible({ align, isWhole = false }: FittedColumn): boolean {
  return align !== 'right' && !isWhole
}

function indexOfWidest(
  shown: readonly number[],
  widths: readonly number[],
  columns: readonly FittedColumn[],
): number | undefined {
  const flexible = shown.filter((index) => isFlexible(columns[index]))
  return flexible.toSorted((a, b) => widths[b] - widths[a]).at(0)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

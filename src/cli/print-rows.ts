// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { QueryColumn, QueryRow, QueryStream, QueryValue } from '../query/sql/open-query'
import { printable } from './printable'
import { tableLines } from './table'
import type { Terminal } from './terminal'

/** Prints rows, at most so many. Resolves to whether there are more. */
export type RowPrinter = (
  stream: QueryStream,
  terminal: Terminal,
  limit: number,
) => Promise<boolean>

/** A cell is cut behind this: a map of attributes would take a screen. */
const MAX_CELL_LENGTH = 60

const NUMBER_TYPE = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/

export const printTable: RowPrinter = async (stream, terminal, limit) => {
  const cells: string[][] = []
  let isCut = false
  for await (const row of stream) {
    isCut = cells.length === limit
    if (isCut) break
    cells.push(stream.columns.map(({ name }) => cellOf(row[name])))
  }
  const columns = stream.columns.map(({ name, type }) => ({
    title: printable(name),
    align: NUMBER_TYPE.test(type) ? ('right' as const) : ('left' as const),
  }))
  await terminal.print(...tableLines(columns, cells))
  return isCut
}

/**
 * An object a line. Integers that a double can't hold are decimal strings, as in OTLP/JSON: times
 * in nanoseconds always are, counts never.
 */
export const printJson: RowPrinter = (stream, terminal, limit) =>
  printLines(stream, terminal, limit, (row) => JSON.stringify(row, jsonMember))

/** As RFC 4180 has it, with a line of names; NULL is nothing between commas. */
export const printCsv: RowPrinter = async (stream, terminal, limit) => {
  const { columns } = stream
  if (!(await terminal.print(columns.map(({ name }) => csvField(name)).join(',')))) return false
  return printLines(stream, terminal, limit, (row) => csvLine(columns, row))
}

async function printLines(
  stream: QueryStream,
  terminal: Terminal,
  limit: number,
  lineOf: (row: QueryRow) => string,
): Promise<boolean> {
  let printed = 0
  for await (const row of stream) {
    if (printed++ === limit) return true
    // Without a reader, as behind `| head`, leaving the loop ends the statement.
    if (!(await terminal.print(lineOf(row)))) return false
  }
  return false
}

function csvLine(columns: readonly QueryColumn[], row: QueryRow): string {
  return columns
    .map(({ name }) => {
      const value = row[name]
      // An empty text is quoted, so that it can be told from NULL.
      return value === '' ? '""' : csvField(textOf(value))
    })
    .join(',')
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function cellOf(value: QueryValue): string {
  const text = printable(textOf(value))
  return text.length > MAX_CELL_LENGTH ? `${text.slice(0, MAX_CELL_LENGTH - 1)}…` : text
}

function textOf(value: QueryValue): string {
  if (value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value, jsonMember) : String(value)
}

function jsonMember(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (value instanceof Map) return Object.fromEntries(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return value
}

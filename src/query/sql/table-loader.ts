// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { LineSink } from './line-sink'
import { TABLE_NAMES, type TableName, insertLinesSql } from './stored-tables'

/** Written at once. */
const WRITTEN_BYTES = 2 ** 20
/** Loaded at once: about a row group of spans, which DuckDB then compresses as one. */
const LOADED_BYTES = 2 ** 26
/** What a character takes at most, as UTF-8. */
const MAX_CHARACTER_BYTES = 3

/**
 * Gets lines into the tables of a database: into files, and the files, when they are large
 * enough, into their tables, while the next ones fill. DuckDB reads such a file natively, which
 * takes half of what handing over value by value does.
 *
 * Memory holds a few megabytes for each table, the disk two files for each.
 */
export class TableLoader implements LineSink {
  readonly #connection: DuckDBConnection
  readonly #folder: string
  readonly #tables = new Map(TABLE_NAMES.map((table) => [table, new PendingLines()]))
  #filesMade = 0
  #loading: Promise<void> = Promise.resolve()

  constructor(connection: DuckDBConnection, folder: string) {
    this.#connection = connection
    this.#folder = folder
  }

  add(table: TableName, line: string): void {
    this.#linesOf(table).add(line)
  }

  /** To be waited for after every batch. */
  async settle(): Promise<void> {
    for (const [table, lines] of this.#tables) {
      if (lines.hasFullChunks) await this.#write(lines, lines.takeFullChunks())
      if (lines.writtenBytes >= LOADED_BYTES) await this.#load(table, lines)
    }
  }

  /** All that is left gets into its table. */
  async finish(): Promise<void> {
    for (const [table, lines] of this.#tables) {
      await this.#write(lines, lines.takeAllChunks())
      await this.#load(table, lines)
    }
    await this.#loading
  }

  /** After a failure: no file stays open, and nobody writes any more. */
  async abandon(): Promise<void> {
    await this.#loading.catch(() => undefined)
    for (const { file } of this.#tables.values()) await file?.handle.close()
  }

  #linesOf(table: TableName): PendingLines {
    const lines = this.#tables.get(table)
    if (!lines) throw new RangeError(`there is no table '${table}'`)
    return lines
  }

  async #write(lines: PendingLines, chunks: readonly Buffer[]): Promise<void> {
    for (const chunk of chunks) {
      lines.file ??= await this.#create()
      await lines.file.handle.writeFile(chunk)
      lines.writtenBytes += chunk.length
      lines.recycle(chunk)
    }
  }

  async #create(): Promise<LinesFile> {
    const path = join(this.#folder, `${this.#filesMade++}.jsonl`)
    return { path, handle: await open(path, 'wx', 0o600) }
  }

  async #load(table: TableName, lines: PendingLines): Promise<void> {
    const { file, longestLineBytes } = lines
    if (!file) return
    lines.startAnew()
    await file.handle.close()
    await this.#loading
    this.#loading = this.#insert(table, file.path, longestLineBytes)
    // It is told to whoever waits next.
    this.#loading.catch(() => undefined)
  }

  async #insert(table: TableName, path: string, longestLineBytes: number): Promise<void> {
    await this.#connection.run(insertLinesSql(table, longestLineBytes), [path])
    await rm(path)
  }
}

interface LinesFile {
  readonly path: string
  readonly handle: FileHandle
}

/**
 * Lines of a table that it does not have yet, as bytes: as text they would live until they are
 * written, in a million pieces, which the garbage collector would copy over and over.
 */
class PendingLines {
  file: LinesFile | undefined
  writtenBytes = 0
  longestLineBytes = 0
  #full: Buffer[] = []
  #chunk: Buffer | undefined
  #spare: Buffer | undefined
  #usedBytes = 0

  get hasFullChunks(): boolean {
    return this.#full.length > 0
  }

  add(line: string): void {
    const bytes = this.#room(line.length * MAX_CHARACTER_BYTES).write(line, this.#usedBytes)
    this.#usedBytes += bytes
    if (bytes > this.longestLineBytes) this.longestLineBytes = bytes
  }

  takeFullChunks(): readonly Buffer[] {
    const full = this.#full
    this.#full = []
    return full
  }

  takeAllChunks(): readonly Buffer[] {
    this.#cut()
    return this.takeFullChunks()
  }

  /** Takes the room of a chunk that has been written for the next: the collector is slow to free it. */
  recycle({ buffer }: Buffer): void {
    if (buffer.byteLength === WRITTEN_BYTES) this.#spare = Buffer.from(buffer)
  }

  startAnew(): void {
    this.file = undefined
    this.writtenBytes = 0
    this.longestLineBytes = 0
  }

  #room(bytes: number): Buffer {
    if (this.#chunk && this.#usedBytes + bytes <= this.#chunk.length) return this.#chunk
    this.#cut()
    const spare = bytes <= WRITTEN_BYTES ? this.#spare : undefined
    if (spare) this.#spare = undefined
    this.#chunk = spare ?? Buffer.allocUnsafeSlow(Math.max(WRITTEN_BYTES, bytes))
    return this.#chunk
  }

  #cut(): void {
    if (this.#chunk && this.#usedBytes > 0)
      this.#full.push(this.#chunk.subarray(0, this.#usedBytes))
    this.#chunk = undefined
    this.#usedBytes = 0
  }
}

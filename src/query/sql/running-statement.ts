// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

const INTERRUPT_MILLIS = 20

/**
 * A statement, from before it is checked until its last row is read, on a connection of its own:
 * what a connection streams ends with its next statement.
 */
export class RunningStatement {
  readonly connection: DuckDBConnection
  readonly #signal: AbortSignal | undefined
  readonly #onEnd: (statement: RunningStatement) => void
  #interrupting: NodeJS.Timeout | undefined
  #work: Promise<unknown> | undefined
  #hasEnded = false

  private constructor(
    connection: DuckDBConnection,
    onEnd: (statement: RunningStatement) => void,
    signal?: AbortSignal,
  ) {
    this.connection = connection
    this.#onEnd = onEnd
    this.#signal = signal
    signal?.addEventListener('abort', this.stop, { once: true })
  }

  static async start(
    instance: DuckDBInstance,
    onEnd: (statement: RunningStatement) => void,
    signal?: AbortSignal,
  ): Promise<RunningStatement> {
    signal?.throwIfAborted()
    const statement = new RunningStatement(await instance.connect(), onEnd, signal)
    if (signal?.aborted) statement.stop()
    return statement
  }

  /** Does a part of it, which `stop` ends with DuckDB's error, and `settle` waits for. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted()
    const promise = work()
    this.#work = promise
    return promise
  }

  /** An interruption ends what runs, and what has not begun is deaf to it: so again and again. */
  readonly stop = (): void => {
    if (this.#hasEnded || this.#interrupting) return
    this.connection.interrupt()
    this.#interrupting = setInterval(() => this.connection.interrupt(), INTERRUPT_MILLIS).unref()
  }

  /** Resolves when nothing runs any more, however that ended. */
  async settle(): Promise<void> {
    await this.#work?.catch(() => undefined)
  }

  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    clearInterval(this.#interrupting)
    this.#signal?.removeEventListener('abort', this.stop)
    this.connection.closeSync()
    this.#onEnd(this)
  }
}

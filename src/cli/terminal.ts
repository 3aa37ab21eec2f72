// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { createInterface } from 'node:readline/promises'
import { type ProgressBar, NO_PROGRESS_BAR, createProgressBar } from './progress-bar'
import { printable } from './printable'

/** What a command has of the world: data goes to stdout, everything else to stderr. */
export interface Terminal {
  /** Fires when the command is to end: Ctrl-C, or a request to terminate. */
  readonly signal: AbortSignal
  /** Whether a person can be asked. */
  readonly isInteractive: boolean
  /** How wide stdout is, or should be taken for where it is no terminal. */
  readonly columns: number
  /** Whether something did not work: the exit code will be 1. */
  readonly hasFailed: boolean
  /** The exit code that `endWith` asked for. */
  readonly exitCode: number | undefined
  /**
   * Writes lines of data to stdout, and waits while its reader is slow. Resolves
   * to false when there is no reader any more, as behind `| head`.
   */
  print(...lines: string[]): Promise<boolean>
  /** Tells a person something, on stderr. */
  note(line: string): void
  /** Tells a person what did not work; the command goes on, and fails at its end. */
  complain(line: string): void
  /** Sets the exit code, whatever else would decide it: a recorded command ends with its own. */
  endWith(exitCode: number): void
  /** Asks a person; anything but yes is no. */
  confirm(question: string): Promise<boolean>
  /** A progress bar on stderr, if that is a terminal. One at a time. */
  showProgress(label: string): ProgressBar
}

/** What of a process a terminal is made of. */
export interface TerminalStreams {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly columns?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean }
}

export function createTerminal(streams: TerminalStreams, signal: AbortSignal): Terminal {
  return new StreamTerminal(streams, signal)
}

/** Of a file or a pipe: what reads well, and fits most windows. */
const DEFAULT_COLUMNS = 100

/** Goes to the line's start and clears it, so that a note does not stand in the bar. */
const CLEAR_LINE = '\r\u001b[K'

class StreamTerminal implements Terminal {
  hasFailed = false
  exitCode: number | undefined
  readonly signal: AbortSignal
  readonly #streams: TerminalStreams
  #isOutputOpen = true
  #hasBar = false

  constructor(streams: TerminalStreams, signal: AbortSignal) {
    this.#streams = streams
    this.signal = signal
    streams.stdout.on('error', (error: NodeJS.ErrnoException) => {
      this.#isOutputOpen = false
      // A reader that has seen enough closes its end: that is no failure.
      if (error.code !== 'EPIPE') this.complain(`can't write to stdout: ${error.message}`)
    })
    // Nobody is left to be told.
    streams.stderr.on('error', () => undefined)
  }

  get isInteractive(): boolean {
    return this.#streams.stdin.isTTY === true && this.#streams.stderr.isTTY === true
  }

  get columns(): number {
    const { columns = 0 } = this.#streams.stdout
    // Some terminals don't know, and say 0.
    return columns > 0 ? columns : DEFAULT_COLUMNS
  }

  async print(...lines: string[]): Promise<boolean> {
    const { stdout } = this.#streams
    if (!this.#isOutputOpen) return false
    const hasRoom = stdout.write(lines.map((line) => `${line}\n`).join(''))
    // An error ends the wait too, and is told by the listener above.
    if (!hasRoom) await once(stdout, 'drain', { signal: this.signal }).catch(() => undefined)
    return this.#isOutputOpen
  }

  note(line: string): void {
    this.#streams.stderr.write(`${this.#hasBar ? CLEAR_LINE : ''}${printable(line)}\n`)
  }

  complain(line: string): void {
    this.hasFailed = true
    this.note(`otel-tape: ${line}`)
  }

  endWith(exitCode: number): void {
    this.exitCode = exitCode
  }

  async confirm(question: string): Promise<boolean> {
    const { stdin, stderr } = this.#streams
    // As a terminal, readline would take Ctrl-C for itself.
    const prompt = createInterface({ input: stdin, output: stderr, terminal: false })
    try {
      // Without an answer, input ends with the prompt closed.
      const closed = once(prompt, 'close', { signal: this.signal }).then(() => '')
      const asked = prompt.question(`${printable(question)} [y/N] `, { signal: this.signal })
      asked.catch(() => undefined)
      closed.catch(() => undefined)
      const answer = await Promise.race([asked, closed])
      return /^y(es)?$/i.test(answer.trim())
    } finally {
      prompt.close()
    }
  }

  showProgress(label: string): ProgressBar {
    const { stderr } = this.#streams
    if (!stderr.isTTY) return NO_PROGRESS_BAR
    const bar = createProgressBar(stderr, label)
    this.#hasBar = true
    return {
      update: (...progress) => bar.update(...progress),
      stop: () => {
        bar.stop()
        this.#hasBar = false
      },
    }
  }
}

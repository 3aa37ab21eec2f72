// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { type ProcessModule, startProcess } from '../../start-process'
import type { Peer } from './peer'

export function startProcessPeer(module: ProcessModule): Peer {
  return new ProcessPeer(startProcess(module))
}

class ProcessPeer implements Peer {
  readonly #child: ChildProcess
  #hasEnded = false

  constructor(child: ChildProcess) {
    this.#child = child
    this.onEnd(() => (this.#hasEnded = true))
  }

  post(message: unknown): void {
    // Should it be gone by now, its end is what is reported, and not that it can't be told.
    this.#child.send(message as object, () => {})
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#child.on('message', listener)
  }

  onEnd(listener: (message: string, cause?: Error) => void): void {
    // It could not be started: then it does not exit either.
    this.#child.on('error', (error) => listener(error.message, error))
    this.#child.on('exit', (code, signal) => listener(`it ended with ${signal ?? `code ${code}`}`))
  }

  ref(): void {
    this.#child.ref()
    this.#child.channel?.ref()
  }

  unref(): void {
    this.#child.unref()
    this.#child.channel?.unref()
  }

  async stop(): Promise<void> {
    if (this.#hasEnded) return
    this.ref()
    const ended = once(this.#child, 'exit')
    // Not asked to: it may be computing, and it has nothing to put away.
    this.#child.kill('SIGKILL')
    await ended
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const REGISTER = join(__dirname, 'register-typescript.cjs')

/** A script of ours in a process of its own, with its TypeScript as it stands. */
export interface ChildScript {
  readonly process: ChildProcess
  /** The next thing that it sends with `process.send`. Rejects if it ends without. */
  message(): Promise<unknown>
  /** Resolves with its exit code; rejects with what it wrote to stderr unless that is 0. */
  done(): Promise<void>
  /** SIGKILL, and waits for it. */
  kill(): Promise<void>
}

export function startScript(path: string, ...parameters: string[]): ChildScript {
  const child = fork(path, parameters, {
    execArgv: ['--require', REGISTER],
    // Jest gives each test file an environment of its own; the child gets that one.
    env: process.env,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let errors = ''
  child.stderr?.on('data', (text: Buffer) => (errors += text.toString()))
  const exit = once(child, 'close')
  const messages: unknown[] = []
  child.on('message', (message) => messages.push(message))
  return {
    process: child,
    message: async () => {
      if (messages.length === 0) await Promise.race([once(child, 'message'), exit])
      if (messages.length === 0) throw new Error(`${path} ended without a message: ${errors}`)
      return messages.shift()
    },
    done: async () => {
      const [code, signal] = (await exit) as [number | null, string | null]
      if (code !== 0) throw new Error(`${path} ended with ${code ?? signal}: ${errors}`)
    },
    kill: async () => {
      child.kill('SIGKILL')
      await exit
    },
  }
}

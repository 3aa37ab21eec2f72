// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface SenderOptions {
  url: string
  firstBatch: number
  batchSpans: number
  durationMillis: number
  senders?: number
  /** How often a sender begins another batch, whatever became of the one before. */
  intervalMillis?: number
  maxUnderWay?: number
  /** Whether the same batch is sent again until it is acknowledged. */
  repeats?: boolean
}

/** What senders were told of their batches, by the batches' numbers. */
export interface SenderAccount {
  sent: number
  batchSpans: number
  acknowledged: number[]
  /** Acknowledged, but sent more than once: may be there more than once. */
  repeated: number[]
  /** No answer came, and it was not sent again: may be there once. */
  unanswered: number[]
  refused: number
  statuses: Record<string, number>
  p50Millis: number
  p99Millis: number
}

export interface Senders {
  /** Ends it before its time. */
  stop(): void
  account(): Promise<SenderAccount>
}

/** Senders in a process of their own. */
export function startSenders(options: SenderOptions): Senders {
  const script = join(__dirname, 'sender.mjs')
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  let output = ''
  child.stdout.on('data', (text: Buffer) => (output += text.toString()))
  const exit = once(child, 'close') as Promise<[number | null]>
  return {
    stop: () => void child.kill('SIGTERM'),
    account: async () => {
      const [code] = await exit
      if (code !== 0) throw new Error(`the senders ended with ${code}`)
      return JSON.parse(output) as SenderAccount
    },
  }
}

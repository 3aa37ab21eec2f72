// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import type { OtlpBatch } from '../../src/otlp/otlp-batch'
import { type RunningCommand, parseLines, startCommand } from './command-line'

export interface RecordEvent {
  readonly event: string
  readonly [name: string]: unknown
}

export interface ListeningEvent extends RecordEvent {
  readonly http: string | null
  readonly grpc: string | null
  readonly sessionId: string
}

export interface RunningRecord extends RunningCommand {
  readonly listening: ListeningEvent
  /** Resolves with the first event of that name, whether it came before or comes yet. */
  event(name: string): Promise<RecordEvent>
}

/** Starts `otel-tape record --json`, and waits until it listens. */
export async function startRecord(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<RunningRecord> {
  const running = startCommand(['record', '--json', ...args], env)
  let text = ''
  running.process.stdout?.on('data', (chunk: string) => (text += chunk))
  const event = async (name: string): Promise<RecordEvent> => {
    for (;;) {
      const events = parseLines<RecordEvent>(text.slice(0, text.lastIndexOf('\n') + 1))
      const found = events.find((known) => known.event === name)
      if (found) return found
      await Promise.race([once(running.process.stdout ?? running.process, 'data'), ended()])
    }
  }
  const ended = async (): Promise<never> => {
    const { exitCode, stderr } = await running.outcome
    throw new Error(`it ended with ${exitCode}: ${stderr}`)
  }
  return { ...running, event, listening: (await event('listening')) as ListeningEvent }
}

/** Sends a batch as any exporter would. */
export async function send(url: string | null, { signal, body }: OtlpBatch): Promise<number> {
  const response = await fetch(`${url}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: Buffer.from(body),
  })
  await response.arrayBuffer()
  return response.status
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const CLI = join(__dirname, '../../../dist/cli/main.js')

/** `otel-tape record --json`, as it was built. */
export interface RecordProcess {
  readonly url: string
  /** Every event so far, the first one included. */
  readonly events: readonly Record<string, unknown>[]
  kill(signal: 'SIGKILL' | 'SIGINT'): Promise<number | null>
  /** Bytes of memory that it had at the most, as far as it was looked at. */
  peakResidentBytes(): number
}

export async function startRecording(...options: string[]): Promise<RecordProcess> {
  const child = spawn(process.execPath, [CLI, 'record', '--json', '--grpc', 'off', ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  let complaints = ''
  child.stderr.on(
    'data',
    (text: Buffer) => (complaints = (complaints + text.toString()).slice(-2000)),
  )
  const events: Record<string, unknown>[] = []
  const lines = createInterface(child.stdout)
  lines.on('line', (line) => events.push(JSON.parse(line) as Record<string, unknown>))
  const exit = once(child, 'close') as Promise<[number | null]>
  await Promise.race([once(lines, 'line'), exit])
  const [listening] = events
  if (listening?.event !== 'listening') throw new Error(`it does not listen: ${complaints}`)
  const memory = watchMemory(child)
  return {
    url: listening.http as string,
    events,
    peakResidentBytes: memory.peakBytes,
    kill: async (signal) => {
      memory.stop()
      child.kill(signal)
      const [code] = await exit
      return code
    },
  }
}

function watchMemory(child: ChildProcess): { peakBytes: () => number; stop: () => void } {
  let peak = 0
  const look = async (): Promise<void> => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '')
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0)
    peak = Math.max(peak, kilobytes * 1024)
  }
  const timer = setInterval(() => void look(), 100)
  return { peakBytes: () => peak, stop: () => clearInterval(timer) }
}

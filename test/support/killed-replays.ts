// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { type OtlpTarget, openTarget } from '../replay/otlp-target'
import { BUNDLE_ENVIRONMENT } from './bundle-sources'

export interface KilledReplaysOptions {
  /** The command line's file. */
  readonly commandLine: string
  readonly args: readonly string[]
  readonly receipts: string
  readonly kills: number
  readonly concurrency: number
  /** Requests that reach the target before a kill, at the most. */
  readonly requestsPerRun: number
  /** Which item a request carries, one of its own each. */
  readonly itemIn: (body: Buffer) => string
}

export interface KilledReplays {
  /** Kills that hit a process at work. */
  readonly kills: number
  readonly requests: number
  /** Requests that arrived again, because the process was killed before it had read the answer. */
  readonly repeated: number
  /** What arrived, by the run in which it did. */
  readonly arrivals: readonly (readonly string[])[]
  readonly lastOutput: string
  readonly exitCode: number | null
}

/**
 * Runs a replay of the command line again and again, each time with `--resume`, and kills it with
 * SIGKILL at a random moment: while it starts, between a request and its answer, right behind an
 * answer. The last run is left to its end.
 */
export async function killReplays(options: KilledReplaysOptions): Promise<KilledReplays> {
  const { kills, requestsPerRun, itemIn } = options
  const arrivals: string[][] = []
  let onRequest: () => void = () => undefined
  await using target = await openTarget(
    // Later than it comes, so that some kills find requests under way, and others find none.
    (response) => void setTimeout(() => response.writeHead(200).end(), Math.random() * 4),
    ({ body }) => {
      arrivals.at(-1)?.push(itemIn(body))
      onRequest()
    },
    { keepsRequests: false },
  )
  let killed = 0
  for (let run = 0; run < kills; run++) {
    arrivals.push([])
    const child = start(options, target, run > 0)
    const closed = once(child, 'close')
    let requestsLeft = 1 + Math.floor(Math.random() * requestsPerRun)
    const reached = new Promise<void>((resolve) => {
      onRequest = () => {
        if (--requestsLeft === 0) resolve()
      }
    })
    await Promise.race([reached, closed])
    await wait(Math.random() * 8)
    if (child.exitCode === null && child.kill('SIGKILL')) killed++
    await closed
  }
  arrivals.push([])
  const last = start(options, target, true)
  let lastOutput = ''
  for (const stream of [last.stdout, last.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (lastOutput += text))
  }
  const [exitCode] = (await once(last, 'close')) as [number | null]
  return {
    ...{ arrivals, lastOutput, exitCode, kills: killed },
    requests: arrivals.flat().length,
    repeated: arrivals.flat().length - new Set(arrivals.flat()).size,
  }
}

function start(
  options: KilledReplaysOptions,
  target: OtlpTarget,
  isResumed: boolean,
): ChildProcess {
  const { commandLine, args, receipts, concurrency } = options
  const given = ['replay', ...args, '--to', target.url, '--concurrency', String(concurrency)]
  const { PATH, HOME } = process.env
  return spawn(process.execPath, [commandLine, ...given, ...(isResumed ? ['--resume'] : [])], {
    env: { PATH, HOME, ...BUNDLE_ENVIRONMENT, OTEL_TAPE_RECEIPT_FOLDER: receipts },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

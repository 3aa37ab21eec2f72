// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { summarizeRequest } from '../../src/otlp/summarize-request'
import type { ReplayConfig } from '../../src/replay/replay-config'
import type { ReplayStatus } from '../../src/replay/replay-status'
import { startReplay } from '../../src/replay/start-replay'
import { turnsOfTheLoop } from './fake-clock'
import { type Answer, type OtlpTarget, accept, openTarget } from './otlp-target'

/** A target that stays while replays into it come and go, and the receipt that they share. */
export interface ResumableTarget extends AsyncDisposable {
  readonly target: OtlpTarget
  readonly receipt: string
  readonly folder: string
  /** Answers all that comes from now on. */
  answer: Answer
  /** Runs a replay to its end. */
  run(config: RunConfig): Promise<ReplayStatus>
  /** Runs one until the target has taken so many requests, and leaves the rest unanswered. */
  interrupt(answered: number, config: RunConfig): Promise<ReplayStatus>
}

export type RunConfig = Omit<ReplayConfig, 'targetEndpoint' | 'receipt'>

export async function openResumableTarget(): Promise<ResumableTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-resume-'))
  const receipt = join(folder, 'receipt.jsonl')
  const target = await openTarget((response, request, number) =>
    resumable.answer(response, request, number),
  )
  const start = (config: RunConfig) =>
    startReplay({ speedMultiplier: Infinity, ...config, receipt, targetEndpoint: target.url })
  const resumable: ResumableTarget = {
    ...{ target, receipt, folder },
    answer: accept,
    run: (config) => start(config).finished,
    async interrupt(answered, config) {
      let left = answered
      let answeredItems = 0
      const { answer } = resumable
      const replay = start(config)
      resumable.answer = async (response, request, number) => {
        if (left-- > 0) {
          answeredItems += summarizeRequest(request.body, request.signal).itemCount
          return answer(response, request, number)
        }
        // Answers are on their way still.
        while (replay.status().sentRecords < answeredItems) await turnsOfTheLoop(1)
        replay.cancel()
      }
      const status = await replay.finished
      resumable.answer = answer
      return status
    },
    async [Symbol.asyncDispose]() {
      await target.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return resumable
}

/** Names that `makeBatch` gave to items, found in what arrived. */
export function namesIn(bodies: Iterable<Uint8Array>): string[] {
  return [...bodies].flatMap((body) => [
    ...(Buffer.from(body)
      .toString('latin1')
      .match(/item-\d+-\d+-/g) ?? []),
  ])
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { parentPort, workerData } from 'node:worker_threads'
import { keptInputs } from './corpus'
import { CoverageMeter } from './coverage'
import { type FuzzResult, fuzz } from './fuzz'
import type { FuzzTarget } from './fuzz-target'
import { WatchedCase } from './watched-case'

/** What a thread is started with. */
export interface WorkerSetUp {
  /** Module that exports `targets` and, if they take preparation, `prepare`. */
  readonly targetsModule: string
  readonly watched: SharedArrayBuffer
  /** Scripts whose URL contains it are looked at for code that is new. Default: none is. */
  readonly coveredPath?: string
}

/** What it is then told to do. */
export interface FuzzJob {
  readonly name: string
  readonly cases: number
  readonly seed: number
  /** Beside the target's own seeds and the inputs that are kept for it. */
  readonly corpus?: readonly Uint8Array[]
}

export interface TargetsModule {
  readonly targets: readonly FuzzTarget[]
  readonly prepare?: () => Promise<void>
}

// Most mutants are refused, and most of the time of refusing goes into stacks nobody reads.
Error.stackTraceLimit = 3

const { targetsModule, watched, coveredPath } = workerData as WorkerSetUp
const watchedCase = new WatchedCase(watched)
const coverage =
  coveredPath === undefined ? undefined : new CoverageMeter((url) => url.includes(coveredPath))
const ready = prepare()

async function prepare(): Promise<readonly FuzzTarget[]> {
  const { targets, prepare: prepareTargets } = require(targetsModule) as TargetsModule
  await prepareTargets?.()
  return targets
}

async function run({ name, cases, seed, corpus = [] }: FuzzJob): Promise<FuzzResult> {
  const targets = await ready
  const target = targets.find((candidate) => candidate.name === name)
  if (!target) throw new Error(`${targetsModule} has no target '${name}'`)
  return fuzz(target, {
    cases,
    seed,
    corpus: [...keptInputs(name).map(({ bytes }) => bytes), ...corpus],
    coverage,
    onCase: (input) => watchedCase.begin(input),
  })
}

parentPort?.on('message', (job: FuzzJob) => {
  run(job).then(
    (result) => parentPort?.postMessage(result),
    // An error of the thread, which its owner hears of.
    (error: unknown) =>
      setImmediate(() => {
        throw error as Error
      }),
  )
})

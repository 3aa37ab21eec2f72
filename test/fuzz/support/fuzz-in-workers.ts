// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { FoundBug, FuzzResult } from './fuzz'
import type { FuzzJob, WorkerSetUp } from './fuzz-worker'
import { WatchedCase } from './watched-case'

export interface FuzzInWorkersOptions {
  readonly targetsModule: string
  /** Code below this path leads to new inputs. Default: none does, which is twice as fast. */
  readonly coveredPath?: string
  readonly jobs: readonly FuzzJob[]
  /** Threads at a time. */
  readonly workers: number
  /** How long a thread may stay at one case, in milliseconds. */
  readonly hangLimitMillis: number
  readonly onResult?: (result: FuzzResult) => void
}

/**
 * Fuzzes in threads that are watched: one that stays at a case for too long is ended, the case is
 * reported as a hang, and the next job goes to another thread.
 */
export async function fuzzInWorkers(options: FuzzInWorkersOptions): Promise<FuzzResult[]> {
  const waiting = [...options.jobs]
  const results: FuzzResult[] = []
  const work = async (): Promise<void> => {
    let fuzzer: WatchedFuzzer | undefined
    try {
      for (let job = waiting.shift(); job; job = waiting.shift()) {
        fuzzer ??= new WatchedFuzzer(options)
        const result = await fuzzer.run(job)
        results.push(result)
        options.onResult?.(result)
        if (result.bugs.some(({ kind }) => kind === 'hang')) fuzzer = undefined
      }
    } finally {
      await fuzzer?.end()
    }
  }
  await Promise.all(Array.from({ length: options.workers }, work))
  return results
}

class WatchedFuzzer {
  readonly #worker: Worker
  readonly #case = new WatchedCase()
  readonly #hangLimitMillis: number

  constructor({ targetsModule, coveredPath, hangLimitMillis }: FuzzInWorkersOptions) {
    const workerData: WorkerSetUp = { targetsModule, coveredPath, watched: this.#case.memory }
    this.#worker = new Worker(join(__dirname, 'fuzz-worker.cjs'), { workerData })
    this.#hangLimitMillis = hangLimitMillis
  }

  /** Rejects when the thread fails by itself: that is no bug of a parser. */
  async run(job: FuzzJob): Promise<FuzzResult> {
    const startMillis = performance.now()
    const settled = new AbortController()
    const result = once(this.#worker, 'message', { signal: settled.signal })
    const hang = this.#firstHang(settled.signal)
    this.#worker.postMessage(job)
    try {
      const outcome = await Promise.race([result, hang])
      if (Array.isArray(outcome)) return outcome[0] as FuzzResult
      await this.end()
      return {
        ...emptyResult(job.name),
        bugs: [outcome],
        elapsedMillis: performance.now() - startMillis,
      }
    } finally {
      settled.abort()
      result.catch(() => undefined)
    }
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #firstHang(signal: AbortSignal): Promise<FoundBug> {
    return new Promise((resolve) => {
      // Before the job's first case lies what takes time as well, as loading the parsers.
      const before = this.#case.number
      let seen = before
      const watch = setInterval(() => {
        const { number } = this.#case
        if (number === seen && number !== before) resolve(this.#hangAt())
        seen = number
      }, this.#hangLimitMillis)
      signal.addEventListener('abort', () => clearInterval(watch), { once: true })
    })
  }

  #hangAt(): FoundBug {
    const message = `it did not return within ${this.#hangLimitMillis} ms`
    return { kind: 'hang', message, input: this.#case.input }
  }
}

function emptyResult(name: string): Omit<FuzzResult, 'bugs' | 'elapsedMillis'> {
  return { name, cases: 0, accepted: 0, refused: 0, corpusSize: 0, found: [], coveredCount: 0 }
}

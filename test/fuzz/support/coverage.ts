// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Session, type Profiler } from 'node:inspector'

/**
 * Which of the code that is fuzzed has run so far, as V8 counts it, block by block: it needs no
 * instrumented copy of the code. What was counted is looked at after many cases, as a look takes
 * a thousand times as long as a case.
 */
export class CoverageMeter {
  readonly #session = new Session()
  readonly #isWanted: (url: string) => boolean
  /** By function: which of its characters have run. */
  readonly #covered = new Map<string, Uint8Array>()
  #coveredCount = 0

  /**
   * To be made before the code is loaded: what is compiled already has no counters in its blocks.
   *
   * @param isWanted whether a script, by its URL, is code that is fuzzed
   */
  constructor(isWanted: (url: string) => boolean) {
    this.#isWanted = isWanted
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  stop(): void {
    this.#session.post('Profiler.stopPreciseCoverage')
    this.#session.disconnect()
  }

  /** Characters of code that have run, as far as they were kept. */
  get coveredCount(): number {
    return this.#coveredCount
  }

  /** Forgets all of it, for another parser. */
  reset(): void {
    this.#covered.clear()
    this.#coveredCount = 0
    this.#take()
  }

  /** Whether code ran since the last look that had not run before; keeps it if asked to. */
  look(keep: boolean): boolean {
    let hasNew = false
    for (const { scriptId, url, functions } of this.#take()) {
      if (!this.#isWanted(url)) continue
      for (const { ranges } of functions) {
        if (ranges[0].count > 0 && this.#merge(scriptId, ranges, keep)) hasNew = true
      }
    }
    return hasNew
  }

  #merge(scriptId: string, ranges: readonly Profiler.CoverageRange[], keep: boolean): boolean {
    const [{ startOffset, endOffset }] = ranges
    const key = `${scriptId}:${startOffset}`
    const known = this.#covered.get(key) ?? new Uint8Array(endOffset - startOffset)
    const ran = new Uint8Array(endOffset - startOffset)
    // Each range lies in the one before it, or beside it: the innermost is the one that counts.
    for (const { startOffset: start, endOffset: end, count } of ranges) {
      ran.fill(count > 0 ? 1 : 0, start - startOffset, end - startOffset)
    }
    let added = 0
    for (let at = 0; at < ran.length; at++) if (ran[at] > known[at]) added++
    if (added === 0 || !keep) return added > 0
    for (let at = 0; at < ran.length; at++) known[at] |= ran[at]
    this.#covered.set(key, known)
    this.#coveredCount += added
    return true
  }

  #take(): readonly Profiler.ScriptCoverage[] {
    let taken: readonly Profiler.ScriptCoverage[] = []
    // Of a session with one's own thread, the answer comes before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error) throw error
      taken = result
    })
    return taken
  }
}

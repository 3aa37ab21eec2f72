// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { CoverageMeter } from './coverage'
import type { FuzzTarget } from './fuzz-target'
import { MAX_MUTANT_BYTES } from './mutate-bytes'
import { Mutator } from './mutator'
import { PrototypeGuard } from './prototypes'
import { Random, seedFor } from './random'

export interface FuzzOptions {
  /** Mutants to try, beside the corpus itself. */
  readonly cases: number
  /** The same seed gives the same mutants, as long as the code that they lead through is the same. */
  readonly seed: number
  /** Inputs that were kept from before, beside the target's own seeds. */
  readonly corpus?: readonly Uint8Array[]
  /** Leads to code that has not run yet. Default: mutants descend from the corpus alone. */
  readonly coverage?: CoverageMeter
  /** Told of each input before it is parsed, so that somebody knows it if the parser never returns. */
  readonly onCase?: (input: Uint8Array) => void
  /** How long one case may take. Default 1,000. */
  readonly caseLimitMillis?: number
}

export interface FoundBug {
  readonly kind: 'crash' | 'slow' | 'hang'
  readonly message: string
  readonly input: Uint8Array
}

export interface FuzzResult {
  readonly name: string
  readonly cases: number
  readonly accepted: number
  readonly refused: number
  readonly elapsedMillis: number
  readonly corpusSize: number
  /** Inputs that were added to the corpus for the code that they reached. */
  readonly found: readonly Uint8Array[]
  /** Characters of code that ran. */
  readonly coveredCount: number
  readonly bugs: readonly FoundBug[]
}

const DEFAULT_CASE_LIMIT_MILLIS = 1_000
/** After as many, the same bug comes again and again. */
const MAX_BUGS = 10
/** Cases between two looks at the coverage. */
const BATCH = 256

/** Gives a parser its corpus and then mutants of it, and says what became of them. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  const { cases, seed, coverage } = options
  const corpus = [...target.seeds(), ...(options.corpus ?? [])]
  const runner = new CaseRunner(target, options)
  // What is larger is tried as it is: changing it would take more time than parsing.
  const ancestors = corpus.filter(({ length }) => length <= MAX_MUTANT_BYTES)
  const mutator = new Mutator(target, ancestors, new Random(seedFor(seed, target.name)))
  const startMillis = performance.now()
  for (const input of corpus) await runner.run(input)
  const initialSize = mutator.corpus.length
  if (coverage) await explore(mutator, runner, coverage, cases)
  else await repeat(mutator, runner, cases)
  runner.finish()
  return {
    name: target.name,
    ...runner.counts,
    elapsedMillis: performance.now() - startMillis,
    corpusSize: mutator.corpus.length,
    found: mutator.corpus.slice(initialSize),
    coveredCount: coverage?.coveredCount ?? 0,
    bugs: runner.bugs,
  }
}

async function repeat(mutator: Mutator, runner: CaseRunner, cases: number): Promise<void> {
  for (let left = cases; left > 0 && !runner.isGivenUp; left--) await runner.run(mutator.next())
}

async function explore(
  mutator: Mutator,
  runner: CaseRunner,
  coverage: CoverageMeter,
  cases: number,
): Promise<void> {
  coverage.reset()
  for (const input of mutator.corpus) await runner.run(input)
  coverage.look(true)
  for (let left = cases; left > 0 && !runner.isGivenUp; left -= BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, left) }, () => mutator.next())
    for (const input of batch) await runner.run(input)
    if (coverage.look(false)) await keepNew(batch, mutator, runner, coverage)
  }
}

/** Finds, by halves, those of a batch that led to new code. */
async function keepNew(
  batch: readonly Uint8Array[],
  mutator: Mutator,
  runner: CaseRunner,
  coverage: CoverageMeter,
): Promise<void> {
  for (const input of batch) await runner.runAgain(input)
  if (!coverage.look(batch.length === 1)) return
  if (batch.length === 1) {
    mutator.corpus.push(batch[0])
    return
  }
  const middle = batch.length >> 1
  await keepNew(batch.slice(0, middle), mutator, runner, coverage)
  await keepNew(batch.slice(middle), mutator, runner, coverage)
}

class CaseRunner {
  readonly #target: FuzzTarget
  readonly #onCase: (input: Uint8Array) => void
  readonly #limitMillis: number
  readonly #prototypes = new PrototypeGuard()
  readonly #known = new Set<string>()
  readonly bugs: FoundBug[] = []
  readonly counts = { cases: 0, accepted: 0, refused: 0 }
  #lastInput: Uint8Array = new Uint8Array()

  constructor(target: FuzzTarget, options: FuzzOptions) {
    this.#target = target
    this.#onCase = options.onCase ?? (() => undefined)
    this.#limitMillis = options.caseLimitMillis ?? DEFAULT_CASE_LIMIT_MILLIS
  }

  get isGivenUp(): boolean {
    return this.bugs.length >= MAX_BUGS
  }

  async run(input: Uint8Array): Promise<void> {
    this.counts.cases++
    this.#onCase(input)
    this.#lastInput = input
    const start = performance.now()
    try {
      // A copy for the parser, in memory that holds others' bytes as well.
      const parsed = this.#target.parse(Buffer.from(input))
      if (parsed instanceof Promise) await parsed
      this.counts.accepted++
    } catch (error) {
      if (this.#target.isRefusal(error)) this.counts.refused++
      else this.#report('crash', error, input)
    }
    if (performance.now() - start > this.#limitMillis) await this.#confirmSlow(input)
    this.#checkPrototypes(() => this.#prototypes.check())
    if (this.counts.cases % 1000 === 0) this.finish()
  }

  /** Without counting it, or what it does wrong, once more. */
  async runAgain(input: Uint8Array): Promise<void> {
    try {
      await this.#target.parse(Buffer.from(input))
    } catch {
      // Known from its first run.
    }
  }

  /** Twice more, as the machine may have had other things to do. */
  async #confirmSlow(input: Uint8Array): Promise<void> {
    let least = Infinity
    for (let time = 0; time < 2; time++) {
      const start = performance.now()
      await this.runAgain(input)
      least = Math.min(least, performance.now() - start)
    }
    if (least <= this.#limitMillis) return
    this.#report('slow', new Error(`it took ${Math.round(least)} ms`), input)
  }

  finish(): void {
    this.#checkPrototypes(() => this.#prototypes.checkThoroughly())
  }

  #checkPrototypes(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.#report('crash', error, this.#lastInput)
    }
  }

  /** The same bug once: it is the same if it was thrown from the same place. */
  #report(kind: FoundBug['kind'], error: unknown, input: Uint8Array): void {
    const isError = error instanceof Error
    const message = isError ? `${error.name}: ${error.message}` : `threw ${String(error)}`
    const place = isError
      ? (error.stack?.split('\n').find((line) => /^\s+at /.test(line)) ?? '')
      : ''
    const identity =
      kind === 'crash' && isError && error.name !== 'BrokenPromiseError' ? place : message
    if (this.#known.has(identity) || this.isGivenUp) return
    this.#known.add(identity)
    this.bugs.push({ kind, message: `${message}${place && ` ${place.trim()}`}`, input })
  }
}

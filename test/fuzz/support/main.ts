// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { prepare, targets } from '../targets'
import { folderNameOf } from './corpus'
import type { FuzzResult } from './fuzz'
import type { FuzzTarget } from './fuzz-target'
import { fuzzInWorkers } from './fuzz-in-workers'
import type { FuzzJob } from './fuzz-worker'

const DEFAULT_CASES = 10_000_000
const HANG_LIMIT_MILLIS = 15_000
/** Of all cases, those that are led to code that has not run yet. */
const GUIDED = 0.03

const USAGE = `node test/fuzz/run.mjs [options]

  --cases N       mutants in all, divided among the parsers (default ${DEFAULT_CASES})
  --seed N        the same mutants again (default: another one each time)
  --parser TEXT   only parsers whose name contains it
  --workers N     threads at a time (default: one for each core)
  --input FILE    parse this file alone, with --parser
  --out FOLDER    where inputs are put that a parser failed at`

interface FuzzOptions {
  readonly cases: number
  readonly seed: number
  readonly chosen: readonly FuzzTarget[]
  readonly workers: number
  readonly out: string
  readonly input?: string
}

/** Fuzzes every parser and prints a table; resolves with the exit code. */
export async function main(parameters: readonly string[]): Promise<number> {
  const options = optionsFrom(parameters)
  if (options === undefined) {
    console.error(USAGE)
    return 2
  }
  if (options.input !== undefined) return parseOne(options.chosen, options.input)
  const { seed, workers } = options
  const startMillis = performance.now()
  console.log(`seed ${seed}, ${workers} threads; --seed ${seed} makes the same mutants again\n`)
  console.log(HEADINGS)
  const results = await fuzzTwice(options)
  const seconds = Math.round((performance.now() - startMillis) / 1000)
  const cases = results.reduce((sum, result) => sum + result.cases, 0)
  const bugs = results.reduce((sum, result) => sum + result.bugs.length, 0)
  const counted = `${results.length} parsers, ${cases.toLocaleString('en-US')} cases`
  console.log(`\n${counted}, ${seconds} s, ${bugs} bugs`)
  for (const result of results) printBugs(result, options)
  return bugs > 0 ? 1 : 0
}

/**
 * First with an eye on the code that runs, which slows it down; then many mutants of what was
 * found in this way, without.
 */
async function fuzzTwice(options: FuzzOptions): Promise<FuzzResult[]> {
  const { seed, workers } = options
  const targetsModule = join(__dirname, '../targets/index.ts')
  const common = { targetsModule, workers, hangLimitMillis: HANG_LIMIT_MILLIS }
  const coveredPath = join(__dirname, '../../../src') + sep
  const explored = await fuzzInWorkers({
    ...common,
    coveredPath,
    jobs: jobsOf(options, GUIDED),
    onResult: () => process.stderr.write('.'),
  })
  process.stderr.write('\n')
  const before = new Map(explored.map((result) => [result.name, result]))
  const jobs = jobsOf(options, 1 - GUIDED).map((job): FuzzJob => {
    return { ...job, seed: seed + 1, corpus: before.get(job.name)?.found }
  })
  const results: FuzzResult[] = []
  const onResult = (result: FuzzResult): void => {
    const both = merged(before.get(result.name), result)
    results.push(both)
    console.log(rowOf(both))
  }
  await fuzzInWorkers({ ...common, jobs, onResult })
  return results
}

function merged(first: FuzzResult | undefined, second: FuzzResult): FuzzResult {
  if (first === undefined) return second
  return {
    ...second,
    cases: first.cases + second.cases,
    accepted: first.accepted + second.accepted,
    refused: first.refused + second.refused,
    elapsedMillis: first.elapsedMillis + second.elapsedMillis,
    found: first.found,
    coveredCount: first.coveredCount,
    bugs: [...first.bugs, ...second.bugs],
  }
}

function optionsFrom(parameters: readonly string[]): FuzzOptions | undefined {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      cases: text,
      seed: text,
      parser: text,
      workers: text,
      input: text,
      out: text,
      help: { type: 'boolean' },
    },
  })
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000)
  const options = {
    cases: Number(values.cases ?? DEFAULT_CASES),
    seed,
    chosen: targets.filter(({ name }) => name.includes(values.parser ?? '')),
    workers: Number(values.workers ?? availableParallelism()),
    out: values.out ?? join(tmpdir(), `otel-tape-fuzz-${seed}`),
    input: values.input,
  }
  const numbers = [options.cases, options.workers]
  const areRight =
    !values.help && numbers.every((number) => number >= 1) && Number.isSafeInteger(seed)
  return areRight && options.chosen.length > 0 ? options : undefined
}

/** Those that are slow first, so that no thread is left with one at the end. */
function jobsOf({ chosen, cases, seed }: FuzzOptions, share: number): FuzzJob[] {
  const weightOf = ({ weight = 1 }: FuzzTarget): number => weight
  const total = chosen.reduce((sum, target) => sum + weightOf(target), 0)
  return [...chosen]
    .sort((a, b) => weightOf(a) - weightOf(b))
    .map((target) => ({
      name: target.name,
      cases: Math.ceil((cases * share * weightOf(target)) / total),
      seed,
    }))
}

const COLUMNS: readonly [title: string, width: number, of: (result: FuzzResult) => number][] = [
  ['cases', 10, ({ cases }) => cases],
  ['ns/case', 10, ({ elapsedMillis, cases }) => Math.round((elapsedMillis * 1e6) / (cases || 1))],
  ['accepted', 10, ({ accepted }) => accepted],
  ['refused', 10, ({ refused }) => refused],
  ['corpus', 7, ({ corpusSize }) => corpusSize],
  ['new', 5, ({ found }) => found.length],
  ['covered', 8, ({ coveredCount }) => coveredCount],
  ['bugs', 5, ({ bugs }) => bugs.length],
]

const NAME_WIDTH = 42
const HEADINGS = `${'parser'.padEnd(NAME_WIDTH)}${COLUMNS.map(([title, width]) =>
  title.padStart(width),
).join('')}`

function rowOf(result: FuzzResult): string {
  const figures = COLUMNS.map(([, width, of]) => String(of(result)).padStart(width))
  return `${result.name.padEnd(NAME_WIDTH)}${figures.join('')}`
}

function printBugs({ name, bugs }: FuzzResult, { out, seed }: FuzzOptions): void {
  for (const [index, { kind, message, input }] of bugs.entries()) {
    mkdirSync(out, { recursive: true })
    const path = join(out, `${folderNameOf(name)}-${seed}-${index + 1}`)
    writeFileSync(path, input)
    console.log(`\n${kind}: ${name}\n  ${message}`)
    console.log(`  node test/fuzz/run.mjs --parser '${name}' --input ${path}`)
  }
}

/** With the whole stack of what it throws, unless that is how it says no. */
async function parseOne(chosen: readonly FuzzTarget[], path: string): Promise<number> {
  await prepare()
  for (const { name, parse, isRefusal } of chosen) {
    try {
      console.log(`${name}: accepted`, await parse(readFileSync(path)))
    } catch (error) {
      if (!isRefusal(error)) throw error
      console.log(`${name}: refused, ${(error as Error).message}`)
    }
  }
  return 0
}

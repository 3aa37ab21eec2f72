// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** How long one operation took in one trace. */
export interface Timing {
  /** Given by `UsualDurations.add`. */
  readonly operation: number
  readonly millis: number
}

/** How long a trace took beside what is usual. */
export interface Slowness {
  /** 0 is as usual, 1 is 64 times the usual or more. */
  readonly level: number
  readonly timing: Timing
  /** The median of the operation, in milliseconds; absent where too little is known of it. */
  readonly usualMillis?: number
}

/** What each operation usually takes, learned as traces come and forgotten as they go. */
export interface UsualDurations {
  /** Of how many timings is known. */
  readonly size: number
  /** Counts an operation's timing, and gives the operation's number. */
  add(operation: string, millis: number): Timing
  remove(timing: Timing): void
  nameOf(operation: number): string
  /** The slowest of a trace's timings, beside what is usual; `undefined` if none is slow. */
  judge(timings: readonly Timing[]): Slowness | undefined
}

export function createUsualDurations(): UsualDurations {
  return new DurationHistograms()
}

/** Buckets by powers of a fourth root of 2, from a microsecond to some 18 minutes and beyond. */
const BUCKETS = 128
const BUCKETS_PER_DOUBLING = 4
/** Of fewer timings, no usual is told. */
const LEAST_TIMINGS = 10
/** Operations with names of their own for each request would take any memory. */
const MAX_OPERATIONS = 10_000
const OTHERS = 'any other operation'

/** Twice the median, and clearly above three of four: what a quarter suffers from is still slow. */
const SLOW_FACTOR = 2
const UPPER_QUARTILE_FACTOR = 1.5
/** Where no usual is known, this is slow to whoever waits for it. */
const SLOW_MILLIS = 1_000
const UNSURE = 0.5

interface Operation {
  readonly name: string
  readonly counts: Uint32Array
  total: number
  /** `total` when the quartiles were last looked at. */
  judgedTotal: number
  median: number
  upperQuartile: number
}

class DurationHistograms implements UsualDurations {
  readonly #operations: Operation[] = []
  readonly #numbers = new Map<string, number>()
  size = 0

  add(operation: string, millis: number): Timing {
    const number = this.#numberOf(operation)
    const { counts } = this.#operations[number]
    counts[bucketOf(millis)]++
    this.#operations[number].total++
    this.size++
    return { operation: number, millis }
  }

  remove({ operation, millis }: Timing): void {
    this.#operations[operation].counts[bucketOf(millis)]--
    this.#operations[operation].total--
    this.size--
  }

  nameOf(operation: number): string {
    return this.#operations[operation].name
  }

  judge(timings: readonly Timing[]): Slowness | undefined {
    let slowest: Slowness | undefined
    for (const timing of timings) {
      const slowness = this.#judgeOne(timing)
      if (slowness && slowness.level > (slowest?.level ?? 0)) slowest = slowness
    }
    return slowest
  }

  #judgeOne(timing: Timing): Slowness | undefined {
    const operation = this.#operations[timing.operation]
    const { millis } = timing
    const isKnown = operation.total >= LEAST_TIMINGS && operation.name !== OTHERS
    if (!isKnown) {
      if (millis < SLOW_MILLIS) return undefined
      return { level: UNSURE * levelOf((millis / SLOW_MILLIS) * SLOW_FACTOR), timing }
    }
    if (operation.judgedTotal !== operation.total) measure(operation)
    const { median: usualMillis, upperQuartile } = operation
    if (millis < usualMillis * SLOW_FACTOR) return undefined
    if (millis < upperQuartile * UPPER_QUARTILE_FACTOR) return undefined
    return { level: levelOf(millis / usualMillis), timing, usualMillis }
  }

  #numberOf(operation: string): number {
    const known = this.#numbers.get(operation)
    if (known !== undefined) return known
    if (this.#operations.length >= MAX_OPERATIONS && operation !== OTHERS) {
      return this.#numberOf(OTHERS)
    }
    const counts = new Uint32Array(BUCKETS)
    this.#operations.push({
      name: operation,
      counts,
      total: 0,
      judgedTotal: -1,
      median: 0,
      upperQuartile: 0,
    })
    this.#numbers.set(operation, this.#operations.length - 1)
    return this.#operations.length - 1
  }
}

function levelOf(ratio: number): number {
  return Math.min(1, Math.log2(ratio) / 6)
}

function bucketOf(millis: number): number {
  const bucket = Math.floor(Math.log2(Math.max(millis * 1_000, 1)) * BUCKETS_PER_DOUBLING)
  return Math.min(BUCKETS - 1, bucket)
}

function measure(operation: Operation): void {
  operation.median = quantile(operation, 0.5)
  operation.upperQuartile = quantile(operation, 0.75)
  operation.judgedTotal = operation.total
}

/** The middle of the bucket that it lies in: exact to a tenth. */
function quantile({ counts, total }: Operation, share: number): number {
  let left = total * share
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    left -= counts[bucket]
    if (left <= 0) return 2 ** ((bucket + 0.5) / BUCKETS_PER_DOUBLING) / 1_000
  }
  return Infinity
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** By how much the numbers of a counter grew, and in how long. */
export interface Growth {
  readonly by: readonly number[]
  readonly seconds: number
}

export interface CounterTime {
  readonly timeMillis: number
  /** When the counter began to count, if it says so. */
  readonly startMillis: number | undefined
}

/**
 * What a counter that is reported again and again has grown by between two reports. A counter
 * that began anew, or is smaller than it was, has grown by what it is now. What arrives twice,
 * or late, is left out.
 */
export class CounterRates {
  #last: { readonly time: CounterTime; readonly values: readonly number[] } | undefined

  /** Undefined where it can't be told: of a first report that doesn't say since when. */
  growth(time: CounterTime, values: readonly number[], isDelta: boolean): Growth | undefined {
    const last = this.#last
    if (last && time.timeMillis <= last.time.timeMillis) return undefined
    this.#last = { time, values }
    const isFresh =
      last === undefined ||
      isDelta ||
      values[0] < last.values[0] ||
      isLater(time.startMillis, last.time.startMillis)
    if (!isFresh) {
      const by = values.map((value, index) => value - last.values[index])
      return over(by, time.timeMillis - last.time.timeMillis)
    }
    // A counter of a process that ran long before the recording says nothing about a rate now.
    if (last === undefined && !isDelta) return undefined
    const since = time.startMillis ?? last?.time.timeMillis
    return since === undefined ? undefined : over(values, time.timeMillis - since)
  }
}

function isLater(start: number | undefined, lastStart: number | undefined): boolean {
  return start !== undefined && lastStart !== undefined && start > lastStart
}

function over(by: readonly number[], millis: number): Growth | undefined {
  return millis > 0 ? { by, seconds: millis / 1_000 } : undefined
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What every bench has in common. A bench is a file `test/bench/NAME.bench.mjs` whose
// default export `defineBench` made; `npm run bench -- NAME` runs it (see run.mjs).

import { createRequire } from 'node:module'
import { resolve } from 'node:path'

const require = createRequire(import.meta.url)

/**
 * @typedef {object} Bench
 * @property {string} title what is measured
 * @property {Record<string, number | string | boolean>} [options] its options with their
 *   defaults, beside `rounds` and `dist`; `--request-spans 16` sets `requestSpans`
 * @property {Record<string, (options) => Promise<Sample>>} [sides] what is compared; each
 *   measurement runs in a process of its own, the sides taking turns in each round. In there
 *   a side warms up, measures, and counts what arrived. Sides whose names begin with the same
 *   `group: ` must agree on `items`; without a group all sides must.
 * @property {(measured: Measured, options) => Report | Promise<Report>} [report]
 * @property {(options) => Promise<Report>} [run] instead of sides and report, for a bench
 *   that measures by itself; it then throws when the work of two sides differs
 *
 * @typedef {Record<string, number> & { items: number }} Sample numbers under names with units;
 *   `items` is how many were counted at the end of the way
 * @typedef {Record<string, Sample[]>} Measured a list for each side, one sample a round
 *
 * @typedef {object} Report
 * @property {{ title?: string, columns: string[], rows: (string | number)[][] }[]} tables
 * @property {{ name: string, value: number, unit?: string, atMost?: number, atLeast?: number }[]} [figures]
 *   the ratios that matter, with the target where there is one
 * @property {string[]} [notes] what a reader of the tables has to know
 */

/** @param {Bench} bench */
export function defineBench(bench) {
  return { options: {}, ...bench }
}

/** The package, or one of its modules, as built into the folder that `--dist` names. */
export function requireDist({ dist }, module = 'index.js') {
  return require(resolve(dist, module))
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** Of one number of a side, over the rounds. */
export function medianOf(samples, key) {
  return median(samples.map((sample) => sample[key]))
}

/** Of the ratios round by round: what disturbs a round disturbs both sides of it. */
export function medianRatio(above, below, key) {
  return median(above.map((sample, round) => sample[key] / below[round][key]))
}

/** CPU seconds of this process, all threads, that `work` takes. */
export async function cpuSeconds(work) {
  const start = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setTimeout as sleep } from 'node:timers/promises'
import { FAULTS } from './fault-proxy.mjs'

const GOOD_MILLIS = [1_000, 6_000]
const FAULT_MILLIS = [500, 5_000]

/** Lets a proxy fail now and then, until it is paused or stopped. Counts the faults by kind. */
export function startRandomFaults(proxy) {
  const counts = Object.fromEntries(FAULTS.map((fault) => [fault, 0]))
  let abort = new AbortController()
  let running = run(abort.signal)

  async function run(signal) {
    while (!signal.aborted) {
      await between(GOOD_MILLIS, signal)
      if (signal.aborted) break
      const fault = FAULTS[Math.floor(Math.random() * FAULTS.length)]
      counts[fault]++
      await proxy.become(fault)
      await between(FAULT_MILLIS, signal)
      await proxy.become('pass')
    }
  }

  async function pause() {
    abort.abort()
    await running
  }

  return {
    counts,
    pause,
    stop: pause,
    go: () => {
      abort = new AbortController()
      running = run(abort.signal)
    },
  }
}

async function between([least, most], signal) {
  const millis = least + Math.random() * (most - least)
  // An end that comes early is what the signal is for.
  await sleep(millis, undefined, { signal }).catch(() => undefined)
}

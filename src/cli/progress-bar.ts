// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Writable } from 'node:stream'

/** Shows how far long work has come. */
export interface ProgressBar {
  /** `remark` stands behind the bar. */
  update(value: number, total: number, remark?: string): void
  /** Leaves the bar as it is and ends its line. */
  stop(): void
}

/** For outputs that are no terminal: nothing is drawn into a log. */
export const NO_PROGRESS_BAR: ProgressBar = Object.freeze({
  update: () => undefined,
  stop: () => undefined,
})

export function createProgressBar(stream: Writable, label: string): ProgressBar {
  // Only a terminal needs it: a command in a script should not wait for it.
  const { SingleBar } = require('cli-progress') as typeof import('cli-progress')
  const bar = new SingleBar({
    stream,
    format: `${label} [{bar}] {percentage}% | {value} of {total}{remark} | {duration_formatted}`,
    barsize: 24,
    hideCursor: true,
    emptyOnZero: true,
    // Signals are for the command to handle; ours ends the bar as well.
    gracefulExit: false,
  })
  let isStarted = false
  return {
    update(value, total, remark = '') {
      if (!isStarted) bar.start(total, value, { remark })
      isStarted = true
      bar.setTotal(total)
      bar.update(value, { remark })
    },
    stop() {
      if (isStarted) bar.stop()
      isStarted = false
    },
  }
}

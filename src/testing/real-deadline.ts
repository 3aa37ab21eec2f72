// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MessageChannel } from 'node:worker_threads'

/** The longest that a timer of Node waits: nobody expects ours to take more. */
export const MAX_TIMEOUT_MILLIS = 2 ** 31 - 1

/** Part of ES2024, and of Node for longer than that. */
interface AtomicsWithWaitAsync {
  waitAsync(
    cell: Int32Array,
    index: number,
    value: number,
    timeoutMillis: number,
  ): { value: WaitOutcome | Promise<WaitOutcome> }
}
type WaitOutcome = 'ok' | 'not-equal' | 'timed-out'

/**
 * Calls `onExpiry` once, `timeoutMillis` of real time from now, unless the
 * returned function is called before.
 *
 * A suite that fakes its timers must not stop the clock of its own waits. Fakes
 * replace setTimeout on the global object; sinon and node:test also in
 * node:timers, node:test AbortSignal.timeout as well, and whoever installs them
 * before this file is loaded leaves nothing real to keep. The engine has a clock
 * of its own, in Atomics, which no fake stands in front of.
 */
export function startRealDeadline(timeoutMillis: number, onExpiry: () => void): () => void {
  // Nobody but cancel ever writes or wakes it, so a wait on it is a timer.
  const cell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const { value: outcome } = waitAsync(cell, timeoutMillis)
  // The engine's clock lets the process exit. A script that awaits nothing else
  // would then end without a word, instead of with our message.
  const { port1: keepAlive } = new MessageChannel()
  keepAlive.ref()
  let isCancelled = false
  const cancel = () => {
    isCancelled = true
    keepAlive.close()
    Atomics.notify(cell, 0)
  }
  void Promise.resolve(outcome).then(() => {
    if (isCancelled) return
    cancel()
    onExpiry()
  })
  return cancel
}

function waitAsync(cell: Int32Array, timeoutMillis: number) {
  return (Atomics as unknown as AtomicsWithWaitAsync).waitAsync(cell, 0, 0, timeoutMillis)
}

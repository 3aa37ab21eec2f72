// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import { SIGNALS, type Signal } from '../otlp/signal'

/** What may be lost with the process. */
export interface LosableRecording {
  readonly sessionId: string
  /** Items that would be lost now. */
  waitingItems(): Record<Signal, number>
}

/** One listener for all of them: an app that has more than ten would be warned of a leak. */
const recordings = new Set<LosableRecording>()

/**
 * Says through `diag` what is lost when the process ends without a stop. At
 * `process.exit`, as after an error that nobody catches, nothing can be stored any
 * more, as that takes time. Returns what ends the watch.
 */
export function watchForLoss(recording: LosableRecording): () => void {
  if (recordings.size === 0) process.on('exit', tellLosses)
  recordings.add(recording)
  return () => {
    recordings.delete(recording)
    if (recordings.size === 0) process.off('exit', tellLosses)
  }
}

function tellLosses(): void {
  for (const recording of recordings) {
    const items = recording.waitingItems()
    if (SIGNALS.every((signal) => items[signal] === 0)) continue
    diag.warn(
      `otel-tape: the process ended before session '${recording.sessionId}' was stored: ` +
        `${items.traces} spans, ${items.metrics} metric data points and ${items.logs} log records ` +
        `are lost; await stop() before the end`,
    )
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { CaptureError } from '../capture/capture-error'
import type { Capture } from '../capture/start-capture'
import type { SessionMetadata } from '../session/metadata'
import { warnOfRegister } from './register-warning'
import type { StoppableRecording } from './stop-at-exit'

/** A processor or a metric reader of the SDK. */
export interface SdkPart {
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

/**
 * How long the app's end waits for its backend. One that is down is tried again
 * for ten seconds and more, which is as long as a container gets altogether.
 */
const BACKEND_LIMIT_MILLIS = 4_000
/** Beyond the capture's own limit: to hold the process, not to cut it short. */
const HOLD_MILLIS = 30_000

/**
 * The parts of an SDK and the capture that they record into: the parts hand over,
 * then the capture stores. Not by way of the SDK, which gives up with the first
 * part that fails, and that is the one whose backend is down.
 */
export class SdkRecording implements StoppableRecording {
  readonly #parts: readonly SdkPart[]
  readonly #capture: Capture | undefined
  #stopping: Promise<void> | undefined
  #hasWarned = false

  constructor(parts: readonly SdkPart[], capture: Capture | undefined) {
    this.#parts = parts
    this.#capture = capture
    capture?.ready.catch((error: CaptureError) => this.#onNotReady(error))
  }

  async flush(): Promise<void> {
    await this.#allParts((part) => part.forceFlush())
    await settledWithin(HOLD_MILLIS, this.#capture?.flush())
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    await this.#allParts((part) => part.shutdown())
    const metadata = await settledWithin(HOLD_MILLIS, this.#capture?.stop())
    if (metadata && isIncomplete(metadata)) this.#warnOnce(incompleteMessage(metadata))
  }

  #onNotReady(error: CaptureError): void {
    // A store that is down is given up when all is stopped, which says more of it.
    const isGivenUp = error.reason === 'StorageFailure' && this.#stopping !== undefined
    if (!isGivenUp) this.#warnOnce(error.message)
  }

  /** What comes first is the cause of what comes later. */
  #warnOnce(message: string): void {
    if (!this.#hasWarned) warnOfRegister(message)
    this.#hasWarned = true
  }

  async #allParts(task: (part: SdkPart) => Promise<void>): Promise<void> {
    const all = Promise.allSettled(this.#parts.map(async (part) => task(part)))
    await settledWithin(BACKEND_LIMIT_MILLIS, all)
  }
}

function isIncomplete({ status, signals }: SessionMetadata): boolean {
  return status === 'failed' || Object.values(signals).some(({ droppedItems }) => droppedItems > 0)
}

function incompleteMessage({ sessionId, signals: { traces, metrics, logs } }: SessionMetadata) {
  return (
    `session '${sessionId}' is not complete, the store did not take all in time: ` +
    `${traces.droppedItems} spans, ${metrics.droppedItems} metric data points and ` +
    `${logs.droppedItems} log records were dropped; OTEL_LOG_LEVEL=warn tells why`
  )
}

/** Resolves when `work` is settled or the time is up. Meanwhile, the timer keeps the process alive. */
async function settledWithin<T>(
  limitMillis: number,
  work: Promise<T> | undefined,
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const timeUp = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMillis)
  })
  try {
    return await Promise.race([work, timeUp])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

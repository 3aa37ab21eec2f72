// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { followMeterProvider } from '../telemetry/follow-meter-provider'
import { storeDuration, storeRetries } from '../telemetry/instruments'
import type { Attempt } from './retry'
import { isStorageError } from './storage-error'

/** Does a store's operation and, where somebody keeps it, measures how long it takes and how it ends. */
export async function measuredOperation<T>(name: string, work: () => Promise<T>): Promise<T> {
  followMeterProvider()
  if (!storeDuration.isKept) return work()
  const begunAt = performance.now()
  let errorType: string | undefined
  try {
    return await work()
  } catch (error) {
    errorType = isStorageError(error) ? error.code : '_OTHER'
    throw error
  } finally {
    storeDuration.record((performance.now() - begunAt) / 1000, {
      'otel_tape.store.operation': name,
      ...(errorType !== undefined && { 'error.type': errorType }),
    })
  }
}

/** As `attempt`; every one of an operation but the first is counted. */
export function countedAttempts<T>(name: string, attempt: Attempt<T>): Attempt<T> {
  return (signal, attemptNumber) => {
    if (attemptNumber > 1) storeRetries.series({ 'otel_tape.store.operation': name }).add(1)
    return attempt(signal, attemptNumber)
  }
}

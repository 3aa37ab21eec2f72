// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { holdProcess } from '../storage/hold-process'
import type { ObjectStore } from '../storage/object-store'
import { openStore } from '../storage/open-store'
import { toCaptureError } from './capture-error'

/**
 * Does something with a store that the caller has given, or named, or that the
 * environment names, and holds the process meanwhile. Rejects with `CaptureError`.
 */
export async function useStore<T>(
  store: ObjectStore | string | undefined,
  use: (store: ObjectStore) => Promise<T>,
  sessionId?: string,
): Promise<T> {
  const isOurs = typeof store !== 'object'
  const release = holdProcess()
  let opened: ObjectStore | undefined
  try {
    opened = isOurs ? openStore(store) : store
    return await use(opened)
  } catch (error) {
    throw toCaptureError(error, sessionId)
  } finally {
    if (isOurs) await opened?.close()
    release()
  }
}

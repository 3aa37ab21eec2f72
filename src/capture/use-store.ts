// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ObjectStore } from '../storage/object-store'
import { useStore as useOpened } from '../storage/use-store'
import { toCaptureError } from './capture-error'

/** As `useStore` of the storage room. Rejects with `CaptureError`. */
export async function useStore<T>(
  store: ObjectStore | string | undefined,
  use: (store: ObjectStore) => Promise<T>,
  sessionId?: string,
): Promise<T> {
  try {
    return await useOpened(store, use)
  } catch (error) {
    throw toCaptureError(error, sessionId)
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { holdProcess } from './hold-process'
import type { ObjectStore } from './object-store'
import { openStore } from './open-store'

/**
 * Does something with a store that the caller has given, or named, or that the environment
 * names, and holds the process meanwhile. A store that was given stays open.
 */
export async function useStore<T>(
  store: ObjectStore | string | undefined,
  use: (store: ObjectStore) => Promise<T>,
): Promise<T> {
  const isOurs = typeof store !== 'object'
  const release = holdProcess()
  let opened: ObjectStore | undefined
  try {
    opened = isOurs ? openStore(store) : store
    return await use(opened)
  } finally {
    try {
      if (isOurs) await opened?.close()
    } finally {
      release()
    }
  }
}

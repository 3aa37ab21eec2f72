// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ObjectStore } from '../storage/object-store'
import { openStore } from '../storage/open-store'

/** Opens the store for the time of `work`. */
export async function withStore<T>(
  url: string | undefined,
  work: (store: ObjectStore) => Promise<T>,
): Promise<T> {
  const store = openStore(url)
  try {
    return await work(store)
  } finally {
    // Whatever was to be read or written was by then.
    await store.close().catch(() => undefined)
  }
}

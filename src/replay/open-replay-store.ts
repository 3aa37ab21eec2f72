// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ObjectStore } from '../storage/object-store'
import { openStore } from '../storage/open-store'
import { toReplayError } from './replay-error'

export interface ReplayStore {
  readonly store: ObjectStore
  /** Closes the store if it was opened here; somebody else's stays open. */
  readonly close: () => Promise<void>
}

/** @throws ReplayError of reason `InvalidConfig` when the URL is wrong */
export function openReplayStore(store: ObjectStore | string | undefined): ReplayStore {
  if (typeof store === 'object') return { store, close: async () => undefined }
  try {
    const opened = openStore(store)
    return { store: opened, close: () => closeQuietly(opened) }
  } catch (error) {
    throw toReplayError(error, {})
  }
}

/** All that was to be read was read by then: a failure to close changes nothing of it. */
async function closeQuietly(store: ObjectStore): Promise<void> {
  await store.close().catch(() => undefined)
}

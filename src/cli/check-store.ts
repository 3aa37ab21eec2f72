// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ObjectStore } from '../storage/object-store'
import { isStorageError } from '../storage/storage-error'
import { describeError } from './describe-error'
import { jsonLine } from './json-line'
import type { Terminal } from './terminal'

/** Prints whether the store can be used, and fails with the reason if not. */
export async function checkStore(
  store: ObjectStore,
  terminal: Terminal,
  { json = false }: { json?: boolean },
): Promise<void> {
  const { url } = store
  try {
    await store.check({ signal: terminal.signal })
    await terminal.print(json ? jsonLine({ url, ok: true }) : `${url} can be used`)
  } catch (error) {
    if (!isStorageError(error) || terminal.signal.aborted) throw error
    const { code, message } = error
    if (json) await terminal.print(jsonLine({ url, ok: false, code, message }))
    terminal.complain(`${url} can't be used: ${describeError(error).line}`)
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ObjectStore } from '../../../src/storage/object-store'
import { StorageError } from '../../../src/storage/storage-error'
import { type Around, aroundEachOperation } from './around-each-operation'
import { overrideStore } from './override-store'

/**
 * A store that nobody reaches while it is switched off, under its own name: what
 * is recorded through it can be looked for in the store itself.
 */
export function createSwitchedStore(inner: ObjectStore, isDown: () => boolean): ObjectStore {
  const around: Around = async (operate) => {
    if (isDown()) throw new StorageError('UNAVAILABLE', 'nobody answers')
    const result = await operate()
    // It went down before the answer came: done, and nobody knows.
    if (isDown()) throw new StorageError('UNAVAILABLE', 'nobody answers any more')
    return result
  }
  return overrideStore(aroundEachOperation(inner, around), {
    check: (options) => around(() => inner.check(options), ''),
  })
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ObjectStore } from '../../../src/storage/object-store'
import { StorageError } from '../../../src/storage/storage-error'

const OPERATIONS = new Set<string | symbol>(['put', 'get', 'head', 'delete', 'check'])

/**
 * A store that nobody reaches while it is switched off, under its own name: what
 * is recorded through it can be looked for in the store itself.
 */
export function createSwitchedStore(inner: ObjectStore, isDown: () => boolean): ObjectStore {
  return new Proxy(inner, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      const operation = value.bind(target) as (...parameters: unknown[]) => unknown
      if (!OPERATIONS.has(name)) return operation
      return async (...parameters: unknown[]) => {
        if (isDown()) throw new StorageError('UNAVAILABLE', 'nobody answers')
        const result = await operation(...parameters)
        // It went down before the answer came: done, and nobody knows.
        if (isDown()) throw new StorageError('UNAVAILABLE', 'nobody answers any more')
        return result
      }
    },
  })
}

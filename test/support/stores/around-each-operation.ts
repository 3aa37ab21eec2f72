// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ObjectStore } from '../../../src/storage/object-store'
import { overrideStore } from './override-store'

/** Does an operation on the object of that key, or does not, or fails though it was done. */
export type Around = <Result>(operate: () => Promise<Result>, key: string) => Promise<Result>

/** A store of which each operation on one object passes `around`; listing and reading go by. */
export function aroundEachOperation(inner: ObjectStore, around: Around): ObjectStore {
  return overrideStore(inner, {
    put: (key, ...rest) => around(() => inner.put(key, ...rest), key),
    get: (key, ...rest) => around(() => inner.get(key, ...rest), key),
    head: (key, ...rest) => around(() => inner.head(key, ...rest), key),
    delete: (key, ...rest) => around(() => inner.delete(key, ...rest), key),
  })
}

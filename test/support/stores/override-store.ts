// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ObjectStore } from '../../../src/storage/object-store'

/** A store of which some operations are others; its name and the rest are its own. */
export function overrideStore(inner: ObjectStore, overrides: Partial<ObjectStore>): ObjectStore {
  return new Proxy(inner, {
    get(target, name: keyof ObjectStore) {
      const member: unknown = overrides[name] ?? Reflect.get(target, name)
      // Behind a proxy a store's private fields can't be reached.
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}

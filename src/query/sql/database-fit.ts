// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type BuiltObject, type Manifest } from './manifest'

/** What has to be done to a database, so that it holds the objects that there are now. */
export type Fit =
  | { readonly kind: 'fits' }
  /** Some have come since. */
  | { readonly kind: 'grown'; readonly added: readonly BuiltObject[] }
  /** Some have changed or are gone: their rows can't be taken out. */
  | { readonly kind: 'differs' }

export function fitOf(manifest: Manifest, objects: readonly BuiltObject[]): Fit {
  const built = new Map(manifest.objects.map((object) => [object.key, object]))
  const added: BuiltObject[] = []
  for (const object of objects) {
    const known = built.get(object.key)
    built.delete(object.key)
    if (known === undefined) added.push(object)
    else if (known.etag !== object.etag || known.sizeBytes !== object.sizeBytes) {
      return { kind: 'differs' }
    }
  }
  if (built.size > 0) return { kind: 'differs' }
  return added.length > 0 ? { kind: 'grown', added } : { kind: 'fits' }
}

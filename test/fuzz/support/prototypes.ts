// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { BrokenPromiseError } from './fuzz-target'

/** What everything inherits from. */
const PROTOTYPES: readonly object[] = [Object.prototype, Array.prototype, Function.prototype]

type Properties = Map<PropertyKey, PropertyDescriptor>

/** Notices when what everything inherits from has been altered, and undoes it. */
export class PrototypeGuard {
  readonly #before = PROTOTYPES.map((prototype) => ({ prototype, own: ownOf(prototype) }))

  /** @throws BrokenPromiseError that names what was added or replaced */
  check(): void {
    for (const { prototype, own } of this.#before) {
      const keys = Reflect.ownKeys(prototype)
      if (keys.length !== own.size) this.#restore(prototype, own)
    }
  }

  /** The same for what was replaced as well: too slow for every case. */
  checkThoroughly(): void {
    for (const { prototype, own } of this.#before) {
      for (const [key, { value }] of ownOf(prototype)) {
        if (own.get(key)?.value !== value) this.#restore(prototype, own)
      }
    }
  }

  #restore(prototype: object, own: Properties): never {
    const changed: string[] = []
    for (const [key, { value }] of ownOf(prototype)) {
      const before = own.get(key)
      if (before?.value === value) continue
      changed.push(String(key))
      if (before) Object.defineProperty(prototype, key, before)
      else Reflect.deleteProperty(prototype, key)
    }
    throw new BrokenPromiseError(`what everything inherits from was altered: ${changed.join(', ')}`)
  }
}

function ownOf(prototype: object): Properties {
  const keys = Reflect.ownKeys(prototype)
  return new Map(keys.map((key) => [key, Reflect.getOwnPropertyDescriptor(prototype, key) ?? {}]))
}

/**
 * Throws unless everything in a result inherits from a class alone: an object whose prototype
 * came out of the input has properties that nobody gave it. Goes as deep as the result does,
 * without recursion.
 */
export function ensureNothingInherited(result: unknown): void {
  const left: unknown[] = [result]
  const seen = new Set<unknown>()
  while (left.length > 0) {
    const value = left.pop()
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    if (ArrayBuffer.isView(value)) continue
    if (!isPrototypeOfClass(Object.getPrototypeOf(value) as object | null)) {
      throw new BrokenPromiseError('an object of the result has a prototype out of the input')
    }
    for (const inner of Object.values(value)) left.push(inner)
  }
}

function isPrototypeOfClass(prototype: object | null): boolean {
  if (prototype === null) return true
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  return typeof constructor === 'function' && constructor.prototype === prototype
}

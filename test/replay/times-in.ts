// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Every time in a decoded request, in the order of its fields' names; unset ones are 0. */
export function timesIn(decoded: unknown): bigint[] {
  if (Array.isArray(decoded)) return decoded.flatMap(timesIn)
  if (typeof decoded !== 'object' || decoded === null || decoded instanceof Uint8Array) return []
  return Object.entries(decoded)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, value]) =>
      /^(\w+T|t)imeUnixNano$/.test(name) ? [BigInt(value as string)] : timesIn(value),
    )
}

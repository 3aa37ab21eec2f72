// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { TraceFacts } from './trace-facts'

/**
 * Of the traces that lack a service, those that miss it: who used to call it was there. Those in
 * which somebody still tries to come first, then those of the callers that hardly ever did without.
 *
 * @param missing positions in `session.order`
 * @param known where it was still called
 */
export function tracesThatMiss(
  service: string,
  missing: readonly number[],
  session: TraceFacts,
  known: TraceFacts,
): number[] {
  const lacking = new Set(missing)
  const found = new Set<number>()
  const add = (positions: readonly number[]): void => {
    for (const position of positions) if (lacking.has(position)) found.add(position)
  }
  for (const { operation, positions } of session.operations.values()) {
    if (operation.kind === 'client' && operation.peer?.name === service) add(positions)
  }
  if (found.size > 0) return [...found]
  const [most] = callersOf(service, known)
    .filter(({ key }) => session.operations.get(key)?.positions.some((one) => lacking.has(one)))
    .sort((left, right) => right.share - left.share)
  if (most) add(session.operations.get(most.key)?.positions ?? [])
  return found.size > 0 ? [...found] : [...missing]
}

/** Operations that called the service, directly or by a client's span, and in what share of traces. */
function callersOf(service: string, { calls }: TraceFacts): { key: string; share: number }[] {
  const callers = new Map<string, number>()
  const clients = new Set<string>()
  for (const { caller, callee, indexes } of calls.values()) {
    if (callee.service !== service || caller.service === service) continue
    if (caller.operation.kind === 'client') clients.add(caller.key)
    else callers.set(caller.key, indexes.length / caller.positions.length)
  }
  for (const { caller, callee, indexes } of calls.values()) {
    if (!clients.has(callee.key)) continue
    const share = indexes.length / caller.positions.length
    callers.set(caller.key, Math.max(callers.get(caller.key) ?? 0, share))
  }
  return [...callers].map(([key, share]) => ({ key, share }))
}

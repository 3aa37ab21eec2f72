// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { LogInstrumentationScope, Resource } from './sdk-types'

export interface ResourceGroup<Item> {
  readonly resource: Resource
  readonly scopes: readonly ScopeGroup<Item>[]
}

export interface ScopeGroup<Item> {
  readonly scope: LogInstrumentationScope
  readonly items: readonly Item[]
}

interface Owned {
  readonly resource: Resource
  readonly instrumentationScope: LogInstrumentationScope
}

/** Groups items by the identity of resource and scope, in order of first appearance. */
export function groupByOwner<Item extends Owned>(items: readonly Item[]): ResourceGroup<Item>[] {
  if (items.length === 0) return []
  const { resource, instrumentationScope: scope } = items[0]
  // Most batches come from one library of one process.
  return items.every((item) => item.resource === resource && item.instrumentationScope === scope)
    ? [{ resource, scopes: [{ scope, items }] }]
    : groupAll(items)
}

function groupAll<Item extends Owned>(items: readonly Item[]): ResourceGroup<Item>[] {
  const groups = new Map<Resource, Map<LogInstrumentationScope, Item[]>>()
  for (const item of items) {
    const { resource, instrumentationScope } = item
    let scopes = groups.get(resource)
    if (!scopes) groups.set(resource, (scopes = new Map<LogInstrumentationScope, Item[]>()))
    const group = scopes.get(instrumentationScope)
    if (group) group.push(item)
    else scopes.set(instrumentationScope, [item])
  }
  return Array.from(groups, ([resource, scopes]) => ({
    resource,
    scopes: Array.from(scopes, ([scope, group]) => ({ scope, items: group })),
  }))
}

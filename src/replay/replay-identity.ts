// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto'
import type { OtlpEndpoints } from '../transport/otlp-endpoint'
import type { ResolvedReplayConfig } from './replay-config'

/**
 * Which replay it is, by the options that have to stay the same when it goes on: what is sent,
 * where to, and how it is changed. Nothing that may hold a secret is part of it: neither headers
 * nor the query of a URL.
 */
export type ReplayIdentity = Readonly<Record<string, string>>

/** @param endpoints where to; `undefined` with exporters */
export function identityOf(
  config: ResolvedReplayConfig,
  storeUrl: string,
  endpoints: OtlpEndpoints | undefined,
): ReplayIdentity {
  const { sessionId, layout, signals, filterServices, from, to, transforms = [] } = config
  const { timestampAdjustment, speedMultiplier, rewriteIds = false } = config
  const targets = signals.map((signal) => endpoints?.[signal].split('?', 1)[0] ?? 'an exporter')
  return {
    sessionId,
    store: storeUrl,
    targetEndpoint: targets.join(' '),
    signals: signals.join(' '),
    timestampAdjustment,
    speedMultiplier: String(speedMultiplier),
    ...(layout !== undefined && { layout }),
    ...(filterServices && { filterServices: JSON.stringify([...new Set(filterServices)].sort()) }),
    ...(from !== undefined && { from: new Date(from).toISOString() }),
    ...(to !== undefined && { to: new Date(to).toISOString() }),
    ...(rewriteIds !== false && { rewriteIds: String(rewriteIds) }),
    ...(transforms.length > 0 && { transforms: String(transforms.length) }),
  }
}

/** What differs, option by option, to be told to people. */
export function differencesOf(kept: ReplayIdentity, asked: ReplayIdentity): string[] {
  const names = new Set([...Object.keys(kept), ...Object.keys(asked)])
  return [...names]
    .filter((name) => kept[name] !== asked[name])
    .map((name) => `${name} was ${shown(kept[name])} and is ${shown(asked[name])} now`)
}

/** Short, and the same wherever and whenever it is made. */
export function digestOf(identity: ReplayIdentity): string {
  const sorted = Object.entries(identity).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 12)
}

function shown(value: string | undefined): string {
  return value === undefined ? 'not set' : `'${value.slice(0, 200)}'`
}

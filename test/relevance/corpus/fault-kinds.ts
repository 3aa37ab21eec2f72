// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Call, Site } from './call'

/** What can go wrong in the shop, and what a query can ask for. */
export const FAULT_KINDS = [
  'dbDeadlock',
  'poolExhausted',
  'slowQuery',
  'slowService',
  'cacheOutage',
  'dnsFailure',
  'tlsExpired',
  'connectionRefused',
  'downstreamTimeout',
  'rateLimited',
  'paymentDeclined',
  'authExpired',
  'permissionDenied',
  'outOfMemory',
  'nullDereference',
  'diskFull',
  'schemaMismatch',
  'consumerLag',
  'outOfStock',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/**
 * How a fault shows:
 * - `fails`: the call fails and so do its callers
 * - `timesOut`: it takes long, and then fails as well
 * - `drags`: it takes many times as long as usual, and succeeds
 * - `waits`: it begins long after it was asked for
 * - `degrades`: it fails, and half of the callers can do without
 */
export type FaultEffect = 'fails' | 'timesOut' | 'drags' | 'waits' | 'degrades'

export interface FaultShape {
  effect: FaultEffect
  /** Whether the fault can strike this call. */
  strikes: (call: Call) => boolean
}

const SQL_WRITES = ['INSERT', 'UPDATE', 'DELETE']

export const FAULT_SHAPES: Readonly<Record<FaultKind, FaultShape>> = {
  dbDeadlock: { effect: 'fails', strikes: (call) => isRelational(call) && isWrite(call) },
  poolExhausted: { effect: 'timesOut', strikes: isRelational },
  slowQuery: { effect: 'drags', strikes: (call) => call.site === 'sql' },
  slowService: {
    effect: 'drags',
    strikes: (call) => isAt(call, 'server', 'internal') && !isJob(call),
  },
  cacheOutage: { effect: 'degrades', strikes: (call) => call.site === 'cache' },
  dnsFailure: { effect: 'fails', strikes: (call) => isAt(call, 'external', 'peer') },
  tlsExpired: { effect: 'fails', strikes: (call) => isAt(call, 'external', 'peer') },
  connectionRefused: { effect: 'fails', strikes: (call) => call.site === 'peer' },
  downstreamTimeout: { effect: 'timesOut', strikes: (call) => isAt(call, 'external', 'peer') },
  rateLimited: { effect: 'fails', strikes: (call) => isAt(call, 'external', 'bucket') },
  paymentDeclined: { effect: 'fails', strikes: (call) => isCharge(call) },
  authExpired: {
    effect: 'fails',
    strikes: (call) =>
      call.service === 'auth' ? call.site !== 'sql' : isAt(call, 'external') && !isCharge(call),
  },
  permissionDenied: {
    effect: 'fails',
    strikes: (call) =>
      call.site === 'bucket' || call.name === 'shop.Orders/ListForUser' || isRelational(call),
  },
  outOfMemory: {
    effect: 'fails',
    strikes: (call) =>
      ['media', 'recommendation', 'search', 'reporting'].includes(call.service) &&
      isAt(call, 'internal', 'server'),
  },
  nullDereference: {
    effect: 'fails',
    strikes: (call) => isAt(call, 'server', 'internal') && !isJob(call),
  },
  diskFull: {
    effect: 'fails',
    strikes: (call) => call.name === 'TempFile.write' || (isRelational(call) && isWrite(call)),
  },
  schemaMismatch: {
    effect: 'fails',
    strikes: (call) => call.name === 'OrderEvent.deserialize' || isRelational(call),
  },
  consumerLag: { effect: 'waits', strikes: (call) => call.site === 'consume' },
  outOfStock: {
    effect: 'fails',
    strikes: (call) => call.site === 'server' && /Inventory\/(Reserve|Check)$/.test(call.name),
  },
}

function isAt(call: Call, ...sites: Site[]): boolean {
  return sites.includes(call.site)
}

/** Long work whose own time is a small part of it. */
function isJob(call: Call): boolean {
  return call.service === 'reporting' || call.name === 'ReindexJob.run'
}

function isRelational(call: Call): boolean {
  return call.site === 'sql' && call.service !== 'search'
}

function isWrite(call: Call): boolean {
  return SQL_WRITES.some((verb) => call.name.startsWith(verb))
}

function isCharge(call: Call): boolean {
  return String(call.attributes['http.url']).endsWith('/v2/charges')
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { IndexedAttributes, IndexedSpan } from './indexed-trace'

/** A concept, and what of a span says so. */
export interface SaidConcept {
  readonly concept: string
  readonly because: string
}

const BY_HTTP_STATUS: Readonly<Record<string, readonly string[]>> = Object.freeze({
  400: ['validation'],
  401: ['auth'],
  402: ['payment_declined'],
  403: ['forbidden'],
  404: ['not_found'],
  408: ['timeout'],
  409: ['constraint'],
  422: ['validation'],
  429: ['rate_limited'],
  499: ['cancelled'],
  500: ['server_error'],
  502: ['unavailable'],
  503: ['unavailable'],
  504: ['timeout'],
  507: ['disk_full'],
})

const BY_GRPC_STATUS: Readonly<Record<string, readonly string[]>> = Object.freeze({
  1: ['cancelled'],
  3: ['validation'],
  4: ['timeout'],
  5: ['not_found'],
  6: ['constraint'],
  7: ['forbidden'],
  8: ['rate_limited'],
  13: ['server_error'],
  14: ['unavailable'],
  16: ['auth'],
})

/** In messages: consumers that keep up are a few of them behind at any time. */
const LARGE_LAG = 1_000

const CACHES: ReadonlySet<string> = new Set(['redis', 'memcached', 'valkey', 'hazelcast'])

/** What the semantic conventions' attributes of a span say, under their stable and their old names. */
export function attributeConcepts(span: IndexedSpan): SaidConcept[] {
  const said: SaidConcept[] = []
  const { attributes, status } = span
  const say = (concept: string, because: string): number => said.push({ concept, because })
  const coded = (
    codes: Readonly<Record<string, readonly string[]>>,
    [key, code]: readonly [string, string],
  ): void => codes[code]?.forEach((concept) => say(concept, `${key}=${code}`))

  coded(BY_HTTP_STATUS, first(attributes, ['http.response.status_code', 'http.status_code']))
  coded(BY_GRPC_STATUS, first(attributes, ['rpc.grpc.status_code', 'rpc.response.status_code']))
  if (status === 'error') say('error', 'status=error')
  const [systemKey, system] = first(attributes, ['db.system.name', 'db.system'])
  if (system !== '') {
    const kind = CACHES.has(system) ? 'cache' : 'database'
    say(kind, `${systemKey}=${system}`)
    if (status === 'error') say(`${kind}_error`, `an error of ${systemKey}=${system}`)
  }
  const messaging = attributes['messaging.system']
  if (messaging !== undefined) {
    say('messaging', `messaging.system=${String(messaging)}`)
    if (status === 'error') say('messaging_error', `an error of ${String(messaging)}`)
  }
  for (const [key, value] of Object.entries(attributes)) sayOfMember(key, value, say)
  return said
}

function sayOfMember(
  key: string,
  value: unknown,
  say: (concept: string, because: string) => void,
): void {
  const because = `${key}=${String(value)}`
  if (value === false && /cache.*hit/i.test(key)) say('cache_miss', because)
  if (value === true && /cache.*miss/i.test(key)) say('cache_miss', because)
  if (key.endsWith('resend_count') && Number(value) > 0) say('retry', because)
  if (/retry[._]?(count|attempt)|retries$/i.test(key) && Number(value) > 0) say('retry', because)
  if (/[._]lag$/.test(key) && Number(value) >= LARGE_LAG) say('backlog', because)
  if (value === true && /throttled$|rate_limited$/i.test(key)) say('rate_limited', because)
}

function first(attributes: IndexedAttributes, keys: readonly string[]): readonly [string, string] {
  const key = keys.find((name) => attributes[name] !== undefined)
  return key === undefined ? [keys[0], ''] : [key, String(attributes[key])]
}

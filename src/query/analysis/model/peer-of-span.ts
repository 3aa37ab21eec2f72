// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Something that a service talks to, as its spans name it. */
export interface Peer {
  /**
   * - `database`, `messaging`: told by `db.*`, `messaging.*`
   * - `service`: named by `peer.service` or `rpc.service`
   * - `host`: nothing but an address is known
   */
  readonly kind: PeerKind
  readonly name: string
}

export type PeerKind = 'database' | 'messaging' | 'service' | 'host'

type AttributeValues = Readonly<Record<string, unknown>>

const MAX_NAME_LENGTH = 200

/**
 * Whom a span says it calls, in the semantic conventions of today or before they were renamed.
 * The number in a Redis namespace names nothing, so the address stands for it.
 */
export function peerOfSpan(attributes: AttributeValues): Peer | undefined {
  return (
    databaseOf(attributes) ??
    destinationOf(attributes) ??
    named('service', first(attributes, 'peer.service', 'rpc.service')) ??
    named('host', hostOf(attributes))
  )
}

function databaseOf(attributes: AttributeValues): Peer | undefined {
  const system = first(attributes, 'db.system.name', 'db.system')
  if (system === undefined) return undefined
  const namespace = first(attributes, 'db.namespace', 'db.name')
  const place =
    namespace !== undefined && !/^\d+$/.test(namespace) ? namespace : addressOf(attributes)
  return named('database', place === undefined ? system : `${system} ${place}`)
}

function destinationOf(attributes: AttributeValues): Peer | undefined {
  const system = first(attributes, 'messaging.system')
  const destination = first(
    attributes,
    'messaging.destination.template',
    'messaging.destination.name',
    'messaging.destination',
  )
  if (system === undefined && destination === undefined) return undefined
  const parts = [system, destination].filter((part) => part !== undefined)
  return named('messaging', parts.join(' '))
}

function hostOf(attributes: AttributeValues): string | undefined {
  const address = addressOf(attributes)
  const port = first(attributes, 'server.port', 'net.peer.port')
  if (address === undefined || port === undefined || port === '80' || port === '443') {
    return address
  }
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function addressOf(attributes: AttributeValues): string | undefined {
  return first(attributes, 'server.address', 'net.peer.name', 'http.host')
}

/** The first of these attributes that has something to say, as text. */
function first(attributes: AttributeValues, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = attributes[key]
    if (typeof value === 'string' && value !== '') return value
    if (typeof value === 'number') return String(value)
  }
  return undefined
}

function named(kind: PeerKind, name: string | undefined): Peer | undefined {
  return name === undefined ? undefined : { kind, name: name.slice(0, MAX_NAME_LENGTH) }
}

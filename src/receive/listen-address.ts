// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { ReceiverError } from './receiver-error'

export interface ListenAddress {
  /** A host name or an IP address, IPv6 without brackets. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
}

const MAX_PORT = 65_535

/**
 * Where to listen, out of `HOST:PORT`, `[::1]:PORT`, `:PORT` or a port alone,
 * on 127.0.0.1 unless it names a host; undefined for `off`.
 *
 * @throws ReceiverError of reason `InvalidConfig`, which names `option`
 */
export function parseListenAddress(text: string, option: string): ListenAddress | undefined {
  if (text === 'off') return undefined
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]:|([^:/]*):)?(\d{1,5})$/.exec(text) ?? []
  if (digits === undefined || Number(digits) > MAX_PORT || bracketed === '') {
    throw new ReceiverError(
      'InvalidConfig',
      `${option} '${text.slice(0, 200)}' is no address to listen on: ` +
        `give HOST:PORT as '127.0.0.1:4318', port 0 for a free one, or 'off'`,
    )
  }
  return { host: bracketed ?? (plain || '127.0.0.1'), port: Number(digits) }
}

/** `host:port` as it stands in a URL. */
export function shownAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

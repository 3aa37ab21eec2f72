// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { diag } from '@opentelemetry/api'
import type { ReceiverConfig } from './receiver-config'

const log = diag.createComponentLogger({ namespace: 'otel-tape/receive' })

const THIS_MACHINE = /^(127\.|\[::1\]|\[::ffff:127\.|localhost:)/

/** Warns of an address that others can reach while there is nothing that keeps them out. */
export function warnOfExposure(
  addresses: readonly (string | undefined)[],
  { tls, bearerTokens }: Pick<ReceiverConfig, 'tls' | 'bearerTokens'>,
): void {
  const open = addresses.filter((address) => address !== undefined && !THIS_MACHINE.test(address))
  const missing = [
    // A client certificate says who is there as well.
    ...(bearerTokens || tls?.clientCa ? [] : ['a token (bearerToken)']),
    ...(tls ? [] : ['TLS (tls)']),
  ]
  if (open.length === 0 || missing.length === 0) return
  log.warn(
    `listening on ${open.join(' and ')}, which others can reach, without ${missing.join(' and ')}: ` +
      `whoever does can send, and what is sent can be read on its way`,
  )
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { bearerTokensIn } from '../receive/bearer-tokens'
import {
  type ReceiverTls,
  loadReceiverTls,
  receiverTlsFromEnvironment,
} from '../receive/receiver-tls'
import { UsageError } from './usage-error'

/** Who may send to a recording, and what a command needs that it starts to be among them. */
export interface RecordAccess {
  /** Undefined: no token is asked for. */
  readonly bearerToken?: readonly string[]
  /** Undefined: plain text. */
  readonly tls?: ReceiverTls
  /** The file by which a command knows our certificate, where it has no other authority. */
  readonly certificatePath?: string
}

export interface RecordAccessOptions {
  bearerTokenFile?: string
  tlsCert?: string
  tlsKey?: string
  tlsClientCa?: string
}

const TOKEN_VARIABLE = 'OTEL_TAPE_RECEIVER_TOKEN'
const CERT_VARIABLE = 'OTEL_TAPE_TLS_CERT'
const TLS_NAMES = Object.freeze({
  cert: '--tls-cert',
  key: '--tls-key',
  clientCa: '--tls-client-ca',
})

/**
 * Reads what the options name, else what the environment does.
 *
 * @throws UsageError, or ReceiverError of reason `InvalidConfig`; neither repeats a secret
 */
export function recordAccessOf(options: RecordAccessOptions): RecordAccess {
  const { bearerTokenFile, tlsCert, tlsKey, tlsClientCa } = options
  const files = { cert: tlsCert, key: tlsKey, clientCa: tlsClientCa }
  const hasFiles = Object.values(files).some((file) => file !== undefined)
  const tls = hasFiles ? loadReceiverTls(files, TLS_NAMES) : receiverTlsFromEnvironment()
  const certificatePath = hasFiles ? tlsCert : process.env[CERT_VARIABLE]?.trim()
  return {
    bearerToken: tokensOf(bearerTokenFile),
    tls,
    ...(tls &&
      certificatePath !== undefined &&
      isOwnAuthority(tls) && { certificatePath: resolve(certificatePath) }),
  }
}

function tokensOf(file: string | undefined): readonly string[] | undefined {
  if (file !== undefined) return bearerTokensIn(readText(file), `--bearer-token-file '${file}'`)
  const text = process.env[TOKEN_VARIABLE]?.trim()
  return text ? bearerTokensIn(text, TOKEN_VARIABLE) : undefined
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { message } = error as Error
    throw new UsageError(`--bearer-token-file can't be read: ${message}`, { cause: error })
  }
}

/** Where an authority stands behind it, the command has to know that one, and does or does not. */
function isOwnAuthority({ cert }: ReceiverTls): boolean {
  const certificate = new X509Certificate(cert)
  return certificate.issuer === certificate.subject && certificate.verify(certificate.publicKey)
}

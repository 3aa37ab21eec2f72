// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { TlsOptions } from 'node:tls'
import { ReceiverError } from './receiver-error'

/** TLS of a receiver. Each value is PEM, or the path of a file that holds it. */
export interface ReceiverTlsOptions {
  /** The receiver's certificate, and behind it those that lead to its authority. */
  cert: string | Uint8Array
  /** Its private key, not encrypted. */
  key: string | Uint8Array
  /** Authorities of client certificates. With it, senders without such a certificate are refused. */
  clientCa?: string | Uint8Array
}

/** What the values are called by whoever gave them, for messages. */
export type ReceiverTlsNames = Readonly<Record<keyof ReceiverTlsOptions, string>>

/** The same, read and checked. */
export interface ReceiverTls {
  readonly cert: Buffer
  readonly key: Buffer
  readonly clientCa?: Buffer
}

const OPTION_NAMES: ReceiverTlsNames = Object.freeze({
  cert: 'tls.cert',
  key: 'tls.key',
  clientCa: 'tls.clientCa',
})
const VARIABLES: ReceiverTlsNames = Object.freeze({
  cert: 'OTEL_TAPE_TLS_CERT',
  key: 'OTEL_TAPE_TLS_KEY',
  clientCa: 'OTEL_TAPE_TLS_CLIENT_CA',
})
const BEGINNING = '-----BEGIN '
/** A sender that does not get as far in this time is cut off, in milliseconds. */
const HANDSHAKE_MILLIS = 10_000

/**
 * Reads certificates and key, and checks that they can be used and belong together.
 *
 * @throws ReceiverError of reason `InvalidConfig`, which names what is wrong and repeats no key
 */
export function loadReceiverTls(
  options: unknown,
  names: ReceiverTlsNames = OPTION_NAMES,
): ReceiverTls {
  const { cert, key, clientCa } = checkShape(options, names)
  const loaded = {
    cert: pemOf(cert, names.cert),
    key: pemOf(key, names.key),
    ...(clientCa !== undefined && { clientCa: pemOf(clientCa, names.clientCa) }),
  }
  const certificate = certificateIn(loaded.cert, names.cert)
  if (loaded.clientCa) certificateIn(loaded.clientCa, names.clientCa)
  if (!certificate.checkPrivateKey(privateKeyIn(loaded.key, names.key))) {
    throw wrong(names.key, `does not belong to the certificate of ${names.cert}`)
  }
  checkContext(loaded, names)
  return loaded
}

/** What the environment says; a variable that is wrong throws: plain text must not take TLS's place. */
export function receiverTlsFromEnvironment(): ReceiverTls | undefined {
  const given = Object.entries(VARIABLES).flatMap(([option, variable]) => {
    const path = process.env[variable]?.trim()
    return path ? [[option, path]] : []
  })
  return given.length === 0 ? undefined : loadReceiverTls(Object.fromEntries(given), VARIABLES)
}

export function tlsServerOptions({ cert, key, clientCa }: ReceiverTls): TlsOptions {
  return {
    cert,
    key,
    ...(clientCa && { ca: clientCa }),
    requestCert: clientCa !== undefined,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    handshakeTimeout: HANDSHAKE_MILLIS,
  }
}

function checkShape(options: unknown, names: ReceiverTlsNames): ReceiverTlsOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw wrong('tls', 'has to be an object of cert, key and, for client certificates, clientCa')
  }
  const given = options as Partial<Record<string, unknown>>
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(names, name))
  if (unknown !== undefined) {
    throw wrong(`tls.${unknown}`, 'is no option; there are cert, key and clientCa')
  }
  const { cert, key, clientCa } = given
  if (cert === undefined) throw wrong(names.cert, 'is missing: TLS needs a certificate and its key')
  if (key === undefined) throw wrong(names.key, 'is missing: TLS needs a certificate and its key')
  return {
    cert: checkText(cert, names.cert),
    key: checkText(key, names.key),
    ...(clientCa !== undefined && { clientCa: checkText(clientCa, names.clientCa) }),
  }
}

function checkText(value: unknown, name: string): string | Uint8Array {
  if ((typeof value === 'string' && value !== '') || value instanceof Uint8Array) return value
  throw wrong(name, 'has to be PEM, or the path of a file that holds it')
}

function pemOf(value: string | Uint8Array, name: string): Buffer {
  const content = typeof value === 'string' && isPath(value, name) ? read(value, name) : value
  const pem = Buffer.from(content)
  if (pem.includes(BEGINNING)) return pem
  throw wrong(name, `holds no PEM, which begins with '${BEGINNING}…'`)
}

function isPath(text: string, name: string): boolean {
  if (text.includes(BEGINNING)) return false
  // A key whose frame got lost must not come back in a message that says that no such file exists.
  const isMangledKey = /[\r\n]/.test(text) || /^[A-Za-z0-9+/=_-]{64,}$/.test(text)
  if (!isMangledKey) return true
  throw wrong(name, `is neither PEM, which begins with '${BEGINNING}…', nor the path of a file`)
}

function read(path: string, name: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw wrong(name, `can't be read: ${(error as Error).message}`, error)
  }
}

function certificateIn(pem: Buffer, name: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw wrong(name, `holds no certificate: ${(error as Error).message}`, error)
  }
}

function privateKeyIn(pem: Buffer, name: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    const isEncrypted = (error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE'
    const problem = isEncrypted
      ? 'is encrypted; give it without a passphrase'
      : `holds no private key: ${(error as Error).message}`
    throw wrong(name, problem, error)
  }
}

/** Finds what fails otherwise at the first handshake, where nobody but the sender hears of it. */
function checkContext(loaded: ReceiverTls, names: ReceiverTlsNames): void {
  const { createSecureContext } = require('node:tls') as typeof import('node:tls')
  try {
    createSecureContext(tlsServerOptions(loaded))
  } catch (error) {
    throw wrong(names.cert, `can't be used with ${names.key}: ${(error as Error).message}`, error)
  }
}

function wrong(name: string, problem: string, cause?: unknown): ReceiverError {
  return new ReceiverError('InvalidConfig', `${name} ${problem}`, { cause })
}

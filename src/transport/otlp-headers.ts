// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { TransportError } from './transport-error'

/** What the sender sets itself, or what would break the connection. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
])

export function isHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value).every(
    ([name, text]) =>
      /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) &&
      !RESERVED_HEADERS.has(name.toLowerCase()) &&
      typeof text === 'string' &&
      /^[\t\x20-\x7e\x80-\xff]*$/.test(text),
  )
}

/** `name=value,name=value`, values percent-encoded, as OpenTelemetry writes them. */
export function parseHeaders(text: string): Record<string, string> {
  const pairs = text.split(',').flatMap((pair) => {
    const separator = pair.indexOf('=')
    const name = pair.slice(0, Math.max(0, separator)).trim()
    return name === '' || /\s/.test(name) ? [] : [[name, unescaped(pair.slice(separator + 1))]]
  })
  const headers = Object.fromEntries(pairs) as Record<string, string>
  if (pairs.length > 0 && isHeaders(headers)) return headers
  throw noHeaders()
}

function unescaped(value: string): string {
  try {
    return decodeURIComponent(value.trim())
  } catch {
    throw noHeaders()
  }
}

/** Without the value: it may hold a key. */
function noHeaders(): Error {
  return new Error('it is no list of headers like name=value,name=value, percent-encoded')
}

export function withLowerCaseNames(
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
}

/**
 * gRPC takes less than HTTP does, and would say so only when the first request is made.
 *
 * @throws TransportError of reason `InvalidConfig`
 */
export function checkGrpcHeaders(headers: Readonly<Record<string, string>>): void {
  const wrong = Object.entries(headers).find(
    ([name, value]) =>
      !/^[0-9a-z_.-]+$/.test(name) || /^(grpc-|te$)/.test(name) || !/^[\x20-\x7e]*$/.test(value),
  )
  if (!wrong) return
  throw new TransportError(
    'InvalidConfig',
    `the header '${wrong[0].slice(0, 100)}' can't be sent over OTLP/gRPC: names there are of letters, ` +
      'digits, _ . and -, and do not begin with grpc-; values are printable ASCII',
  )
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../otlp/signal'
import { TransportError } from './transport-error'

/**
 * Where each signal's requests are sent to: `http(s)://…/v1/<signal>`, or `grpc(s)://host:port`
 * for OTLP/gRPC without and with TLS.
 */
export type OtlpEndpoints = Readonly<Record<Signal, string>>

export type OtlpProtocol = 'http' | 'grpc'

const SIGNAL_PATH = /\/+v1\/+(traces|metrics|logs)\/*$/
const DEFAULT_GRPC_PORT = 4317

/**
 * The three endpoints below a base URL. Over HTTP, a path prefix and a query are kept, and
 * `/v1/<signal>` at the end is accepted as if it were not there.
 *
 * @param only the one protocol to speak; else the scheme decides. OTLP/gRPC at `http://` is
 *   without TLS, at `https://` with it
 * @throws TransportError of reason `InvalidConfig`, which names `option`
 */
export function endpointsBelow(base: string, option: string, only?: OtlpProtocol): OtlpEndpoints {
  const endpoint = parseEndpoint(base, option, only)
  return forEachSignal((signal) => endpointBelow(endpoint, signal, only))
}

export function forEachSignal<T>(valueOf: (signal: Signal) => T): Record<Signal, T> {
  return Object.fromEntries(SIGNALS.map((signal) => [signal, valueOf(signal)])) as Record<Signal, T>
}

/** One signal's endpoint below a base URL. */
export function endpointBelow(base: URL, signal: Signal, protocol?: OtlpProtocol): string {
  if (protocol === 'grpc' || isGrpc(base.href)) return grpcEndpoint(base)
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(SIGNAL_PATH, '').replace(/\/+$/, '')}/v1/${signal}`
  return url.href
}

/** One signal's endpoint as it stands, as `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` gives it. */
export function exactEndpoint(url: URL, protocol?: OtlpProtocol): string {
  return protocol === 'grpc' || isGrpc(url.href) ? grpcEndpoint(url) : url.href
}

export function isGrpc(endpoint: string): boolean {
  return /^grpcs?:/.test(endpoint)
}

function grpcEndpoint(url: URL): string {
  const isSecure = url.protocol === 'grpcs:' || url.protocol === 'https:'
  return `${isSecure ? 'grpcs' : 'grpc'}://${url.hostname}:${url.port || defaultPort(url)}`
}

function defaultPort({ protocol }: URL): number {
  if (protocol === 'http:') return 80
  return protocol === 'https:' ? 443 : DEFAULT_GRPC_PORT
}

/** @throws TransportError of reason `InvalidConfig`, which names `option` */
export function parseEndpoint(text: string, option: string, only?: OtlpProtocol): URL {
  const wrong = (problem: string, advice: string, shown = text): TransportError =>
    new TransportError(
      'InvalidConfig',
      `${option} '${shown.slice(0, 200)}' can't be used: ${problem}; ${advice}`,
    )
  if (!URL.canParse(text)) throw wrong('it is no URL', suggestionFor(text))
  const url = new URL(text)
  if (!/^(https?|grpcs?):$/.test(url.protocol)) {
    throw wrong('it begins with neither http(s):// nor grpc(s)://', suggestionFor(text))
  }
  if (url.username || url.password) {
    const shown = `${url.protocol}//…@${url.host}`
    throw wrong('it holds credentials', 'set them as a header in `headers`', shown)
  }
  if (isGrpc(text)) {
    if (only === 'http') {
      throw wrong('it is OTLP/gRPC', 'give the OTLP/HTTP port, often http://…:4318')
    }
    if (!url.hostname)
      throw wrong('it names no host', "give something like 'grpc://localhost:4317'")
    if (url.pathname.replace(/^\/$/, '') + url.search) {
      throw wrong('OTLP/gRPC has no path', 'leave out what follows the port')
    }
  }
  url.hash = ''
  return url
}

function suggestionFor(text: string): string {
  const withScheme = `http://${text}`
  const isHost = /^[^/:@\s]+(:\d+)?(\/|$)/.test(text) && URL.canParse(withScheme)
  return isHost ? `try '${withScheme}'` : "give something like 'http://localhost:4318'"
}

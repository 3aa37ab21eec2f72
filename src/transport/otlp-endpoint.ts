// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MAX_URL_LENGTH, parseUrl } from '../options/parse-url'
import { SIGNALS, type Signal, forEachSignal } from '../otlp/signal'
import { shownUrl } from '../options/shown-url'
import { TransportError } from './transport-error'

/**
 * Where each signal's requests are sent to: `http(s)://…/v1/<signal>`, or `grpc(s)://host:port`
 * for OTLP/gRPC without and with TLS.
 */
export type OtlpEndpoints = Readonly<Record<Signal, string>>

export type OtlpProtocol = 'http' | 'grpc'

const DEFAULT_GRPC_PORT = 4317

const LONGEST_PATH = '/v1/metrics'

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

/** One signal's endpoint below a base URL. */
export function endpointBelow(base: URL, signal: Signal, protocol?: OtlpProtocol): string {
  if (protocol === 'grpc' || isGrpc(base.href)) return grpcEndpoint(base)
  const url = new URL(base)
  url.pathname = `${prefixOf(url.pathname)}/v1/${signal}`
  return url.href
}

/** A path without `/v1/<signal>` at its end, and without slashes there. */
function prefixOf(pathname: string): string {
  const path = withoutLastSlashes(pathname)
  const signal = SIGNALS.find((name) => path.endsWith(`/${name}`))
  const version = signal && withoutLastSlashes(path.slice(0, -signal.length))
  return version?.endsWith('/v1') ? withoutLastSlashes(version.slice(0, -'v1'.length)) : path
}

/** An expression for slashes at the end would begin anew at each slash. */
function withoutLastSlashes(path: string): string {
  let end = path.length
  while (path[end - 1] === '/') end--
  return path.slice(0, end)
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
  const wrong = (problem: string, advice: string, shown = shownUrl(text)): TransportError =>
    new TransportError('InvalidConfig', `${option} '${shown}' can't be used: ${problem}; ${advice}`)
  const tooLong = (): TransportError =>
    wrong(`it is longer than ${MAX_URL_LENGTH} characters`, 'give a URL', '…')
  if (text.length > MAX_URL_LENGTH) throw tooLong()
  const url = parseUrl(text)
  if (!url) throw wrong('it is no URL', suggestionFor(text))
  if (!/^(https?|grpcs?):$/.test(url.protocol)) {
    throw wrong('it begins with neither http(s):// nor grpc(s)://', suggestionFor(text))
  }
  if (url.username || url.password) {
    const shown = `${url.protocol}//…@${url.host}`
    throw wrong('it holds credentials', 'set them as a header in `headers`', shown)
  }
  if (isGrpc(url.href)) {
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
  // Characters that a URL must escape make it longer than the text, and what it is made into is parsed again.
  if (url.href.length + LONGEST_PATH.length > MAX_URL_LENGTH) throw tooLong()
  return url
}

function suggestionFor(text: string): string {
  const withScheme = `http://${text}`
  const isHost = /^[^/:@\s?#]+(:\d+)?(\/[^?#@]*)?$/.test(text) && parseUrl(withScheme) !== undefined
  return isHost ? `try '${withScheme}'` : "give something like 'http://localhost:4318'"
}

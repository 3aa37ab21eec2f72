// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { fromEnvironment } from '../options/environment'
import { parseUrl } from '../options/parse-url'
import { type Signal, forEachSignal } from '../otlp/signal'
import { endpointBelow, parseEndpoint } from './otlp-endpoint'
import { parseHeaders, withLowerCaseNames } from './otlp-headers'
import { parseCompression, parseMillis } from './sender-options'

/** What OpenTelemetry's variables say of one signal's OTLP/HTTP exporter. */
export interface ExporterEnvironment {
  /** The whole endpoint, not the base. */
  readonly url?: URL
  /** Their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMillis?: number
  readonly compression?: 'none' | 'gzip'
}

/**
 * `OTEL_EXPORTER_OTLP_{TRACES,METRICS,LOGS}_{ENDPOINT,HEADERS,TIMEOUT,COMPRESSION}`, and where those
 * say nothing `OTEL_EXPORTER_OTLP_…`. As in the SDK's exporters, a signal's headers are added to
 * the general ones. What is wrong warns, once, and is ignored.
 */
export function exporterEnvironment(): Record<Signal, ExporterEnvironment> {
  const general = variablesBeginning('OTEL_EXPORTER_OTLP')
  return forEachSignal((signal) => {
    const own = variablesBeginning(`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}`)
    return {
      url: own.url ?? (general.url && exporterUrlBelow(general.url, signal)),
      headers: { ...general.headers, ...own.headers },
      timeoutMillis: own.timeoutMillis ?? general.timeoutMillis,
      compression: own.compression ?? general.compression,
    }
  })
}

/**
 * Where an exporter sends to, which may hold credentials: they become the `authorization` header.
 *
 * @throws TransportError of reason `InvalidConfig`, which names `option` and no credentials
 */
export function parseExporterUrl(text: string, option: string): URL {
  const bare = parseUrl(text)
  if (!bare) return parseEndpoint(text, option, 'http')
  const { username, password } = bare
  bare.username = ''
  bare.password = ''
  const url = parseEndpoint(username || password ? bare.href : text, option, 'http')
  url.username = username
  url.password = password
  return url
}

/** One signal's endpoint below a base URL. */
export function exporterUrlBelow(base: URL, signal: Signal): URL {
  return new URL(endpointBelow(base, signal, 'http'))
}

function variablesBeginning(prefix: string): ExporterEnvironment {
  const endpoint = `${prefix}_ENDPOINT`
  return {
    url: fromEnvironment(endpoint, (text) => parseExporterUrl(text, endpoint)),
    headers: withLowerCaseNames(fromEnvironment(`${prefix}_HEADERS`, parseHeaders) ?? {}),
    timeoutMillis: fromEnvironment(`${prefix}_TIMEOUT`, parseMillis),
    compression: fromEnvironment(`${prefix}_COMPRESSION`, parseCompression),
  }
}

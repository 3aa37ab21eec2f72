// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../otlp/signal'
import { ReplayError } from './replay-error'

/** Where each signal's requests are posted to. */
export type OtlpEndpoints = Readonly<Record<Signal, string>>

const SIGNAL_PATH = /\/+v1\/+(traces|metrics|logs)\/*$/

/**
 * The three endpoints below an OTLP/HTTP base URL. A path prefix and a query
 * are kept, `/v1/<signal>` at the end is accepted as if it were not there.
 *
 * @throws ReplayError of reason `InvalidConfig`, which names `option`
 */
export function endpointsBelow(base: string, option: string): OtlpEndpoints {
  const url = parseHttpUrl(base, option)
  const prefix = url.pathname.replace(SIGNAL_PATH, '').replace(/\/+$/, '')
  const endpointOf = (signal: Signal): string => {
    url.pathname = `${prefix}/v1/${signal}`
    return url.href
  }
  return Object.fromEntries(SIGNALS.map((signal) => [signal, endpointOf(signal)])) as Record<
    Signal,
    string
  >
}

/** One signal's endpoint as it stands, as `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` gives it. */
export function exactEndpoint(endpoint: string, option: string): string {
  return parseHttpUrl(endpoint, option).href
}

function parseHttpUrl(text: string, option: string): URL {
  if (!URL.canParse(text)) throw wrongUrl(option, text, 'it is no URL', suggestionFor(text))
  const url = new URL(text)
  const scheme = url.protocol.slice(0, -1)
  if (scheme === 'grpc' || scheme === 'grpcs') {
    throw wrongUrl(
      option,
      text,
      'OTLP/gRPC is not supported',
      'give the OTLP/HTTP port, often 4318',
    )
  }
  if (scheme !== 'http' && scheme !== 'https') {
    throw wrongUrl(option, text, 'it does not begin with http:// or https://', suggestionFor(text))
  }
  if (url.username || url.password) {
    const shown = `${url.protocol}//…@${url.host}`
    throw wrongUrl(option, shown, 'it holds credentials', 'set them as a header in `headers`')
  }
  url.hash = ''
  return url
}

function suggestionFor(text: string): string {
  const withScheme = `http://${text}`
  const isHost = /^[^/:@\s]+(:\d+)?(\/|$)/.test(text) && URL.canParse(withScheme)
  return isHost ? `try '${withScheme}'` : "give something like 'http://localhost:4318'"
}

function wrongUrl(option: string, text: string, problem: string, advice: string): ReplayError {
  return new ReplayError(
    'InvalidConfig',
    `${option} '${text.slice(0, 200)}' can't be used: ${problem}; ${advice}`,
  )
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../otlp/signal'
import type { RecordAccess } from './record-access'
import { UsageError } from './usage-error'

/** Where a receiver listens; one of them may be off. */
export interface RecordEndpoints {
  readonly httpUrl: string | undefined
  readonly grpcAddress: string | undefined
  /** Whether it speaks TLS. */
  readonly isSecure?: boolean
}

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT'
const PROTOCOL = 'OTEL_EXPORTER_OTLP_PROTOCOL'

/**
 * The environment in which a recorded command runs: its OTLP exporters send to the receiver,
 * in the protocol that the environment already asks for, else in OTLP/HTTP with protobuf, and
 * name its token and know its certificate.
 *
 * @throws UsageError if that protocol's endpoint is off
 */
export function recordEnvironment(
  environment: NodeJS.ProcessEnv,
  { httpUrl, grpcAddress, isSecure = false }: RecordEndpoints,
  access: RecordAccess = {},
): NodeJS.ProcessEnv {
  const protocol = environment[PROTOCOL] || (httpUrl === undefined ? 'grpc' : 'http/protobuf')
  const endpoints: NodeJS.ProcessEnv = {
    [PROTOCOL]: protocol,
    [ENDPOINT]: baseUrl(PROTOCOL, protocol),
  }
  for (const signal of SIGNALS) {
    const names = namesOf(signal)
    // A signal's own variables beat the general ones: it would send elsewhere, or speak gRPC to HTTP.
    if (!environment[names.endpoint] && !environment[names.protocol]) continue
    const own = environment[names.protocol] || protocol
    const path = own === 'grpc' ? '' : `/v1/${signal}`
    endpoints[names.endpoint] = `${baseUrl(names.protocol, own)}${path}`
  }
  return { ...environment, ...endpoints, ...accessVariables(environment, access) }

  function baseUrl(variable: string, wanted: string): string {
    const isGrpc = wanted === 'grpc'
    const grpcUrl =
      grpcAddress === undefined ? undefined : `${isSecure ? 'https' : 'http'}://${grpcAddress}`
    const url = isGrpc ? grpcUrl : httpUrl
    if (url !== undefined) return reachable(url)
    throw new UsageError(
      `the command would send '${wanted}' (${variable}), ` +
        `but --${isGrpc ? 'grpc' : 'http'} is off: turn it on, or set the variable otherwise`,
    )
  }
}

/** Of a signal's own variables those that are set as well: they beat the general ones. */
function accessVariables(
  environment: NodeJS.ProcessEnv,
  { bearerToken, certificatePath }: RecordAccess,
): NodeJS.ProcessEnv {
  const prefixes = ['', ...SIGNALS.map((signal) => `${signal.toUpperCase()}_`)]
  const names = (what: string): string[] =>
    prefixes
      .map((prefix) => `OTEL_EXPORTER_OTLP_${prefix}${what}`)
      .filter((name, index) => index === 0 || Boolean(environment[name]))
  const tokens = bearerToken ? names('HEADERS') : []
  const certificates = certificatePath === undefined ? [] : names('CERTIFICATE')
  return Object.fromEntries([
    ...tokens.map((name) => [name, withToken(environment[name], bearerToken?.[0] ?? '')]),
    ...certificates.map((name) => [name, certificatePath]),
  ]) as NodeJS.ProcessEnv
}

function withToken(headers: string | undefined, token: string): string {
  const others = (headers ?? '')
    .split(',')
    .filter((pair) => pair.trim() !== '' && !/^\s*authorization\s*=/i.test(pair))
  return [...others, `authorization=${encodeURIComponent(`Bearer ${token}`)}`].join(',')
}

function namesOf(signal: Signal): { endpoint: string; protocol: string } {
  const prefix = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}`
  return { endpoint: `${prefix}_ENDPOINT`, protocol: `${prefix}_PROTOCOL` }
}

/** One can listen on all addresses, but not everywhere connect to them. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

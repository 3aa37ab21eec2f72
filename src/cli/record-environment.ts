// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SIGNALS, type Signal } from '../otlp/signal'
import { UsageError } from './usage-error'

/** Where a receiver listens; one of them may be off. */
export interface RecordEndpoints {
  readonly httpUrl: string | undefined
  readonly grpcAddress: string | undefined
}

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT'
const PROTOCOL = 'OTEL_EXPORTER_OTLP_PROTOCOL'

/**
 * The environment in which a recorded command runs: its OTLP exporters send to the receiver,
 * in the protocol that the environment already asks for, else in OTLP/HTTP with protobuf.
 *
 * @throws UsageError if that protocol's endpoint is off
 */
export function recordEnvironment(
  environment: NodeJS.ProcessEnv,
  { httpUrl, grpcAddress }: RecordEndpoints,
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
  return { ...environment, ...endpoints }

  function baseUrl(variable: string, wanted: string): string {
    const isGrpc = wanted === 'grpc'
    const grpcUrl = grpcAddress === undefined ? undefined : `http://${grpcAddress}`
    const url = isGrpc ? grpcUrl : httpUrl
    if (url !== undefined) return reachable(url)
    throw new UsageError(
      `the command would send '${wanted}' (${variable}), ` +
        `but --${isGrpc ? 'grpc' : 'http'} is off: turn it on, or set the variable otherwise`,
    )
  }
}

function namesOf(signal: Signal): { endpoint: string; protocol: string } {
  const prefix = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}`
  return { endpoint: `${prefix}_ENDPOINT`, protocol: `${prefix}_PROTOCOL` }
}

/** One can listen on all addresses, but not everywhere connect to them. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

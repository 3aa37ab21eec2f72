// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import { checkOptions, count, expected, millis, withoutUndefined } from '../options/check-options'
import { fromEnvironment } from '../options/environment'
import { type Signal, forEachSignal } from '../otlp/signal'
import { clientCertificatesFromEnvironment } from './client-certificates'
import {
  type OtlpEndpoints,
  type OtlpProtocol,
  endpointBelow,
  endpointsBelow,
  exactEndpoint,
  isGrpc,
  parseEndpoint,
} from './otlp-endpoint'
import { checkGrpcHeaders, isHeaders, parseHeaders, withLowerCaseNames } from './otlp-headers'
import type { OtlpHttpClientOptions } from './otlp-http-client'
import { TransportError } from './transport-error'

export interface RetryBudget {
  /**
   * How often a batch is sent at the most. Default: as often as fits into `totalTimeoutMillis`; but
   * a target that has never answered is given up after 5 attempts, and so is a batch that never gets
   * an answer when an empty request gets one.
   */
  maxAttempts?: number
  /** How long all attempts and the waits between them may take together. Default 300,000. */
  totalTimeoutMillis?: number
  /** Upper bound of the first wait. It doubles with each attempt, up to 5 s. Default 500. */
  initialDelayMillis?: number
}

export interface OtlpHttpOptions {
  /**
   * OTLP/HTTP base URL; `/v1/<signal>` at its end makes no difference. Default:
   * `OTEL_EXPORTER_OTLP_{TRACES,METRICS,LOGS}_ENDPOINT` for its signal, else
   * `OTEL_EXPORTER_OTLP_ENDPOINT`, else `REPLAY_DEFAULT_ENDPOINT`, else `http://localhost:4318`.
   */
  targetEndpoint?: string
  /**
   * Sent with each request. Default: `OTEL_EXPORTER_OTLP_HEADERS`. `user-agent` is `otel-tape`
   * unless they name another.
   */
  headers?: Readonly<Record<string, string>>
  /** Default: `OTEL_EXPORTER_OTLP_COMPRESSION`, else `none`. */
  compression?: 'none' | 'gzip'
  /** How long one request may take. Default: `OTEL_EXPORTER_OTLP_TIMEOUT`, else 10,000. */
  timeoutMillis?: number
  /** How long to try again where another attempt may succeed. A Retry-After counts as well. */
  retry?: RetryBudget
}

/** As `OtlpHttpOptions`, for a target that speaks OTLP/gRPC. */
export interface OtlpGrpcOptions extends OtlpHttpOptions {
  /**
   * `grpc://host:4317` without TLS, `grpcs://host:4317` with it; `http://` and `https://` mean the
   * same here. Default: as for OTLP/HTTP, at the end `grpc://localhost:4317`.
   */
  targetEndpoint?: string
}

/** Options with environment and defaults filled in. */
export interface OtlpSenderOptions extends OtlpHttpClientOptions {
  /** How long one request may take. */
  readonly timeoutMillis: number
  readonly retry: Readonly<Required<RetryBudget>>
  /** Told of each attempt that failed while another one follows. */
  readonly onRetry?: (message: string) => void
}

/** What is not the user's to say. */
export interface SenderContext {
  /** The function whose options they are, for messages. */
  readonly entryPoint: string
  /** What that function calls the target. Default `targetEndpoint`. */
  readonly endpointOption?: string
  /** The one protocol to speak; else the scheme of the endpoint decides. */
  readonly only?: OtlpProtocol
  /** Requests under way at a time. */
  readonly connections: number
}

const DEFAULTS = Object.freeze({
  endpoint: { http: 'http://localhost:4318', grpc: 'grpc://localhost:4317' },
  compression: 'none',
  timeoutMillis: 10_000,
})

/** Long enough for a backend to be deployed anew. */
const DEFAULT_RETRY: Required<RetryBudget> = Object.freeze({
  maxAttempts: Infinity,
  totalTimeoutMillis: 300_000,
  initialDelayMillis: 500,
})

export const senderEntries = {
  targetEndpoint: v.optional(v.string('a URL')),
  headers: v.optional(
    expected<Record<string, string>>(
      'an object of header names and strings that HTTP allows, without those that OTLP sets itself',
      isHeaders,
    ),
  ),
  compression: v.optional(v.picklist(['none', 'gzip'], "'none' or 'gzip'")),
  timeoutMillis: v.optional(millis),
  retry: v.optional(
    v.strictObject(
      {
        maxAttempts: v.optional(count),
        totalTimeoutMillis: v.optional(millis),
        initialDelayMillis: v.optional(millis),
      },
      'an object of maxAttempts, totalTimeoutMillis and initialDelayMillis',
    ),
  ),
}

/** @throws TransportError of reason `InvalidConfig` */
export function resolveSenderOptions(
  options: OtlpHttpOptions,
  { entryPoint, endpointOption = 'targetEndpoint', only, connections }: SenderContext,
): OtlpSenderOptions {
  const given = checkOptions(
    senderEntries,
    options,
    (complaint) => new TransportError('InvalidConfig', `${entryPoint}: ${complaint}`),
  )
  const endpoints =
    given.targetEndpoint === undefined
      ? defaultEndpoints(only)
      : endpointsBelow(given.targetEndpoint, endpointOption, only)
  const headers = withLowerCaseNames(
    given.headers ?? fromEnvironment('OTEL_EXPORTER_OTLP_HEADERS', parseHeaders) ?? {},
  )
  const urls = Object.values(endpoints)
  if (urls.some(isGrpc)) checkGrpcHeaders(headers)
  return {
    endpoints,
    headers,
    compression:
      given.compression ??
      fromEnvironment('OTEL_EXPORTER_OTLP_COMPRESSION', parseCompression) ??
      DEFAULTS.compression,
    timeoutMillis:
      given.timeoutMillis ??
      fromEnvironment('OTEL_EXPORTER_OTLP_TIMEOUT', parseMillis) ??
      DEFAULTS.timeoutMillis,
    retry: { ...DEFAULT_RETRY, ...withoutUndefined(given.retry ?? {}) },
    connections,
    ...(urls.some((url) => /^(https|grpcs):/.test(url)) && {
      certificates: clientCertificatesFromEnvironment(),
    }),
  }
}

/** What the environment says; where it says nothing, the places that SDKs send to as well. */
function defaultEndpoints(only?: OtlpProtocol): OtlpEndpoints {
  const urlFrom = (name: string): URL | undefined =>
    fromEnvironment(name, (text) => parseEndpoint(text, name, only))
  const protocolFrom = (name: string): OtlpProtocol | undefined =>
    only ?? fromEnvironment(name, parseProtocol)
  const general = urlFrom('OTEL_EXPORTER_OTLP_ENDPOINT') ?? urlFrom('REPLAY_DEFAULT_ENDPOINT')
  const generalProtocol = protocolFrom('OTEL_EXPORTER_OTLP_PROTOCOL')
  const endpointOf = (signal: Signal): string => {
    const prefix = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}`
    const protocol = protocolFrom(`${prefix}_PROTOCOL`) ?? generalProtocol
    const own = urlFrom(`${prefix}_ENDPOINT`)
    if (own) return exactEndpoint(own, protocol)
    return endpointBelow(
      general ?? new URL(DEFAULTS.endpoint[protocol ?? 'http']),
      signal,
      protocol,
    )
  }
  return forEachSignal(endpointOf)
}

function parseProtocol(text: string): OtlpProtocol {
  if (text === 'grpc') return 'grpc'
  // Whether protobuf or JSON is no question here: what was captured is sent as it is.
  if (text === 'http/protobuf' || text === 'http/json') return 'http'
  throw new Error(`'${text}' is none of 'grpc', 'http/protobuf' and 'http/json'`)
}

export function parseCompression(text: string): 'none' | 'gzip' {
  if (text === 'none' || text === 'gzip') return text
  throw new Error(`'${text}' is neither 'none' nor 'gzip'`)
}

export function parseMillis(text: string): number {
  if (v.is(millis, Number(text))) return Number(text)
  throw new Error(`'${text}' is no whole number of milliseconds above 0`)
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import type { Signal } from '../otlp/signal'
import { DEFAULT_CONCURRENCY } from './batch-sink'
import { checkOptions, count, expected } from './check-options'
import { fromEnvironment } from '../options/environment'
import { type OtlpEndpoints, endpointsBelow, exactEndpoint } from './otlp-endpoint'
import type { OtlpHttpClientOptions } from './otlp-http-client'

export interface RetryBudget {
  /** How often a batch is sent at the most. Default 5. */
  maxAttempts?: number
  /** How long all attempts and the waits between them may take together. Default 30,000. */
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

/** `OtlpHttpOptions` with environment and defaults filled in. */
export interface OtlpHttpTargetOptions extends OtlpHttpClientOptions {
  readonly timeoutMillis: number
  readonly retry: Readonly<Required<RetryBudget>>
}

const DEFAULTS = Object.freeze({
  targetEndpoint: 'http://localhost:4318',
  compression: 'none',
  timeoutMillis: 10_000,
})

const DEFAULT_RETRY: Required<RetryBudget> = Object.freeze({
  maxAttempts: 5,
  totalTimeoutMillis: 30_000,
  initialDelayMillis: 500,
})

const MAX_TIMER_MILLIS = 2 ** 31 - 1

const isWhole = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0
export const duration = expected<number>(
  `a whole number of milliseconds from 1 to ${MAX_TIMER_MILLIS}`,
  (value) => isWhole(value) && (value as number) <= MAX_TIMER_MILLIS,
)

/** What `replay` sets itself, or what would break the connection. */
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

export const otlpHttpEntries = {
  targetEndpoint: v.optional(v.string('a URL')),
  headers: v.optional(
    expected<Record<string, string>>(
      'an object of header names and strings that HTTP allows, without those that OTLP sets itself',
      isHeaders,
    ),
  ),
  compression: v.optional(v.picklist(['none', 'gzip'], "'none' or 'gzip'")),
  timeoutMillis: v.optional(duration),
  retry: v.optional(
    v.strictObject(
      {
        maxAttempts: v.optional(count),
        totalTimeoutMillis: v.optional(duration),
        initialDelayMillis: v.optional(duration),
      },
      'an object of maxAttempts, totalTimeoutMillis and initialDelayMillis',
    ),
  ),
}

/** @throws ReplayError of reason `InvalidConfig` */
export function resolveOtlpHttpOptions(
  options: OtlpHttpOptions,
  concurrency = DEFAULT_CONCURRENCY,
): OtlpHttpTargetOptions {
  const given = checkOptions(otlpHttpEntries, options, 'otlpHttpSink')
  return {
    endpoints: endpointsFor(given.targetEndpoint),
    headers: withLowerCaseNames(
      given.headers ?? fromEnvironment('OTEL_EXPORTER_OTLP_HEADERS', parseHeaders) ?? {},
    ),
    compression:
      given.compression ??
      fromEnvironment('OTEL_EXPORTER_OTLP_COMPRESSION', parseCompression) ??
      DEFAULTS.compression,
    timeoutMillis:
      given.timeoutMillis ??
      fromEnvironment('OTEL_EXPORTER_OTLP_TIMEOUT', parseMillis) ??
      DEFAULTS.timeoutMillis,
    retry: { ...DEFAULT_RETRY, ...withoutUndefined(given.retry ?? {}) },
    connections: concurrency,
  }
}

function endpointsFor(targetEndpoint: string | undefined): OtlpEndpoints {
  if (targetEndpoint !== undefined) return endpointsBelow(targetEndpoint, 'targetEndpoint')
  const below = (name: string): OtlpEndpoints | undefined =>
    fromEnvironment(name, (text) => endpointsBelow(text, name))
  const general =
    below('OTEL_EXPORTER_OTLP_ENDPOINT') ??
    below('REPLAY_DEFAULT_ENDPOINT') ??
    endpointsBelow(DEFAULTS.targetEndpoint, 'targetEndpoint')
  const endpointOf = (signal: Signal): string => {
    const name = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`
    return fromEnvironment(name, (text) => exactEndpoint(text, name)) ?? general[signal]
  }
  return { traces: endpointOf('traces'), metrics: endpointOf('metrics'), logs: endpointOf('logs') }
}

function isHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).every(
    ([name, text]) =>
      /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) &&
      !RESERVED_HEADERS.has(name.toLowerCase()) &&
      typeof text === 'string' &&
      /^[\t\x20-\x7e\x80-\xff]*$/.test(text),
  )
}

/** `name=value,name=value`, values percent-encoded, as OpenTelemetry writes them. */
function parseHeaders(text: string): Record<string, string> {
  const pairs = text.split(',').flatMap((pair) => {
    const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/s.exec(pair) ?? []
    return name === undefined ? [] : [[name, decodeURIComponent(value)]]
  })
  const headers = Object.fromEntries(pairs) as Record<string, string>
  if (pairs.length > 0 && isHeaders(headers)) return headers
  // Without the value: it may hold a key.
  throw new Error('it is no list of headers like name=value,name=value')
}

function withLowerCaseNames(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
}

function parseCompression(text: string): 'none' | 'gzip' {
  if (text === 'none' || text === 'gzip') return text
  throw new Error(`'${text}' is neither 'none' nor 'gzip'`)
}

function parseMillis(text: string): number {
  const millis = Number(text)
  if (isWhole(millis) && millis <= MAX_TIMER_MILLIS) return millis
  throw new Error(`'${text}' is no whole number of milliseconds above 0`)
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}

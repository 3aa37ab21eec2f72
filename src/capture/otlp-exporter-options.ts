// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { AgentOptions } from 'node:http'
import type { AgentOptions as SecureAgentOptions } from 'node:https'
import { diag } from '@opentelemetry/api'
import * as v from 'valibot'
import {
  callback,
  checkOptions,
  count,
  expected,
  flag,
  millis,
  withoutUndefined,
} from '../options/check-options'
import type { AggregationOption, InstrumentType } from '../otlp/sdk-types'
import { type Signal, forEachSignal } from '../otlp/signal'
import { clientCertificatesFromEnvironment } from '../transport/client-certificates'
import {
  exporterEnvironment,
  exporterUrlBelow,
  parseExporterUrl,
} from '../transport/exporter-environment'
import type { AgentFactory, NodeHttpClientOptions } from '../transport/node-http-client'
import { isHeaders, withLowerCaseNames } from '../transport/otlp-headers'
import { CaptureError } from './capture-error'

type MaybePromise<T> = T | Promise<T>
type Headers = Readonly<Record<string, string>>
type HeadersFactory = () => MaybePromise<Record<string, string>>

/**
 * Options of `capture.otlpExporters`, named as those of the SDK's OTLP exporters. Code beats a
 * signal's environment (`OTEL_EXPORTER_OTLP_TRACES_…`), that beats the general environment
 * (`OTEL_EXPORTER_OTLP_…`), and that the default.
 */
export interface OtlpExporterOptions {
  /**
   * OTLP/HTTP base URL, to which `/v1/<signal>` is added unless it stands there.
   * Default: `…_ENDPOINT`, else `http://localhost:4318`.
   */
  url?: string
  /**
   * Sent with each request, added to those of `…_HEADERS`. A function is asked before each
   * request; when it throws, that export fails.
   */
  headers?: Record<string, string> | HeadersFactory
  /** How long an export may take, retries included. Default: `…_TIMEOUT`, else 10,000. */
  timeoutMillis?: number
  /** Exports of one signal that may be under way; one more fails at once. Default 30. */
  concurrencyLimit?: number
  /** Default: `…_COMPRESSION`, else `none`. */
  compression?: 'none' | 'gzip'
  /** Whether connections are used again. Default true. */
  keepAlive?: boolean
  /**
   * Options of the `http.Agent` or `https.Agent` to send through, or a function that makes one.
   * The function is asked at the first export: load `http` inside it, not before, so that the
   * app's instrumentation comes first.
   */
  httpAgentOptions?: AgentOptions | SecureAgentOptions | AgentFactory
  /** Put before ours in the header `user-agent`. */
  userAgent?: string
  /**
   * The temporality that metrics are asked for; numbers are those of the SDK's
   * `AggregationTemporalityPreference`. Default:
   * `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`, else `cumulative`.
   */
  temporalityPreference?: 'delta' | 'cumulative' | 'lowmemory' | 0 | 1 | 2
  /**
   * How metrics are aggregated, by kind of instrument. Default:
   * `OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION` for histograms, else the SDK's.
   */
  aggregationPreference?(instrumentType: InstrumentType): AggregationOption
}

/** What an exporter needs to know to send. */
export interface ExportTarget extends NodeHttpClientOptions {
  readonly timeoutMillis: number
  readonly concurrencyLimit: number
}

/** The choices that a metric exporter makes for its reader. */
export type MetricPreferences = Pick<
  OtlpExporterOptions,
  'temporalityPreference' | 'aggregationPreference'
>

const DEFAULTS = Object.freeze({
  url: 'http://localhost:4318',
  timeoutMillis: 10_000,
  concurrencyLimit: 30,
  compression: 'none',
  keepAlive: true,
})

const USER_AGENT = 'otel-tape'

const entries = {
  url: v.optional(v.string('a URL')),
  headers: v.optional(
    expected<Headers | HeadersFactory>(
      'a function, or an object of header names and strings that HTTP allows, without those that OTLP sets itself',
      (value) => typeof value === 'function' || isHeaders(value),
    ),
  ),
  timeoutMillis: v.optional(millis),
  concurrencyLimit: v.optional(count),
  compression: v.optional(v.picklist(['none', 'gzip'], "'none' or 'gzip'")),
  keepAlive: v.optional(flag),
  httpAgentOptions: v.optional(
    expected<AgentOptions | AgentFactory>(
      'an object of agent options or a function',
      (value) => typeof value === 'function' || (typeof value === 'object' && value !== null),
    ),
  ),
  userAgent: v.optional(
    expected<string>('a string that HTTP allows in a header', (value) => isHeaders({ x: value })),
  ),
  temporalityPreference: v.optional(
    v.picklist(
      ['delta', 'cumulative', 'lowmemory', 0, 1, 2],
      "'delta', 'cumulative' or 'lowmemory'",
    ),
  ),
  aggregationPreference:
    v.optional(callback<NonNullable<OtlpExporterOptions['aggregationPreference']>>()),
}

/** @throws CaptureError of reason `InvalidConfig` for a wrong option; a wrong variable warns */
export function resolveOtlpExporterOptions(options: OtlpExporterOptions): {
  targets: Record<Signal, ExportTarget>
  metrics: MetricPreferences
} {
  const given = checkOptions(entries, withDefinedHeaders(options), wrong)
  const base = given.url === undefined ? undefined : baseUrl(given.url)
  const environment = exporterEnvironment()
  const targets = forEachSignal((signal): ExportTarget => {
    const own = environment[signal]
    const url =
      (base && exporterUrlBelow(base, signal)) ??
      own.url ??
      exporterUrlBelow(new URL(DEFAULTS.url), signal)
    return {
      url,
      headers: headersOf(given.headers, own.headers, given.userAgent),
      timeoutMillis: given.timeoutMillis ?? own.timeoutMillis ?? DEFAULTS.timeoutMillis,
      concurrencyLimit: given.concurrencyLimit ?? DEFAULTS.concurrencyLimit,
      compression: given.compression ?? own.compression ?? DEFAULTS.compression,
      agent:
        typeof given.httpAgentOptions === 'function'
          ? given.httpAgentOptions
          : {
              keepAlive: given.keepAlive ?? DEFAULTS.keepAlive,
              ...(url.protocol === 'https:' && clientCertificatesFromEnvironment(signal)),
              ...given.httpAgentOptions,
            },
    }
  })
  return { targets, metrics: given }
}

function wrong(complaint: string, cause?: unknown): CaptureError {
  const message = `capture.otlpExporters: ${complaint}`
  return new CaptureError('InvalidConfig', message, undefined, { cause })
}

function baseUrl(text: string): URL {
  try {
    return parseExporterUrl(text, 'url')
  } catch (error) {
    throw wrong((error as Error).message, error)
  }
}

/** `{ authorization: process.env.KEY }` of an app without that key: the SDK warns, and so do we. */
function withDefinedHeaders(options: OtlpExporterOptions): OtlpExporterOptions {
  const headers: unknown = (options as OtlpExporterOptions | null)?.headers
  if (typeof headers !== 'object' || headers === null) return options
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) diag.warn(`otel-tape: the header '${name}' is undefined and not sent`)
  }
  return { ...options, headers: withoutUndefined(headers) as Record<string, string> }
}

function headersOf(
  given: Headers | HeadersFactory | undefined,
  fromEnvironment: Headers,
  userAgent: string | undefined,
): () => MaybePromise<Headers> {
  const ours = { 'user-agent': userAgent ? `${userAgent} ${USER_AGENT}` : USER_AGENT }
  const merged = (headers: Headers): Headers => ({
    ...ours,
    ...fromEnvironment,
    ...withLowerCaseNames(headers),
  })
  if (typeof given !== 'function') {
    const headers = merged(given ?? {})
    return () => headers
  }
  return async () => {
    const made = await given()
    if (isHeaders(made)) return merged(made)
    throw new TypeError('the function `headers` gave something else than names and strings')
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import {
  checkOptions,
  compressionLevel,
  count,
  expected,
  flag,
  limit,
  millis,
  text,
  withoutUndefined,
} from '../options/check-options'
import { fromEnvironment } from '../options/environment'
import { parseUrl } from '../options/parse-url'
import { shownUrl } from '../options/shown-url'
import type { RedactOptions } from '../otlp/redact-options'
import type { SamplingOptions } from '../otlp/sample-traces'
import { type Screen, type ScreenOptions, createScreen } from '../session/screen'
import { checkSessionId, generateSessionId } from '../session/session-id'
import { defaultWriteAheadFolder } from '../session/on-disk/write-ahead-folder'
import { type ObjectStore, isObjectStore } from '../storage/object-store'
import {
  type BearerTokens,
  bearerTokensIn,
  checkBearerTokens,
  createBearerTokens,
} from './bearer-tokens'
import { type ListenAddress, parseListenAddress } from './listen-address'
import { ReceiverError } from './receiver-error'
import type { OtlpReceiverOptions } from './receiver-options'
import { type ReceiverTls, loadReceiverTls, receiverTlsFromEnvironment } from './receiver-tls'

/** `OtlpReceiverOptions` with environment and defaults filled in. */
export interface ReceiverConfig extends Required<
  Omit<
    OtlpReceiverOptions,
    | 'http'
    | 'grpc'
    | 'store'
    | 'sessionBy'
    | 'diagnosticSessionId'
    | 'description'
    | 'forward'
    | 'forwardHeaders'
    | 'redact'
    | 'sampling'
    | 'bearerToken'
    | 'tls'
  >
> {
  /** Undefined: off. */
  readonly http?: ListenAddress
  readonly grpc?: ListenAddress
  readonly store?: ObjectStore | string
  readonly sessionBy?: string
  readonly diagnosticSessionId?: string
  readonly description?: string
  readonly forward?: string
  readonly bearerTokens?: BearerTokens
  readonly tls?: ReceiverTls
  /** Undefined: all is kept. */
  readonly screen?: Screen
  /** Undefined: what the environment says. */
  readonly forwardHeaders?: Readonly<Record<string, string>>
}

const MEBIBYTE = 1024 * 1024

const DEFAULTS = Object.freeze({
  http: '127.0.0.1:4318',
  grpc: '127.0.0.1:4317',
  record: true,
  sessionIdleMinutes: 10,
  rotateMinutes: 0,
  rotateMB: 0,
  enabledFlags: [],
  createdBy: 'otel-tape',
  ack: 'stored',
  maxForwardQueueBytes: 32 * MEBIBYTE,
  maxRequestBytes: 20 * MEBIBYTE,
  maxGrpcMessageBytes: 4 * MEBIBYTE,
  maxConnections: 1_000,
  maxQueueBytes: 64 * MEBIBYTE,
  corsOrigins: [],
  flushIntervalMillis: 5_000,
  compressionLevel: 1,
  stopTimeoutMillis: 30_000,
} satisfies OtlpReceiverOptions)

const entries = {
  http: v.optional(text),
  grpc: v.optional(text),
  // Checked apart: what is wrong with a secret must not be told by repeating it.
  bearerToken: v.optional(v.unknown()),
  tls: v.optional(v.unknown()),
  record: v.optional(flag),
  sessionId: v.optional(text),
  sessionBy: v.optional(expected<string>('the name of a resource attribute', isFilledText)),
  sessionIdleMinutes: v.optional(limit),
  rotateMinutes: v.optional(limit),
  rotateMB: v.optional(limit),
  store: v.optional(
    expected<ObjectStore | string>(
      'an ObjectStore or a URL',
      (value) => typeof value === 'string' || isObjectStore(value),
    ),
  ),
  diagnosticSessionId: v.optional(text),
  description: v.optional(text),
  enabledFlags: v.optional(v.array(text, 'a list of strings')),
  createdBy: v.optional(text),
  redact: v.optional(v.custom<RedactOptions>(() => true)),
  sampling: v.optional(v.custom<SamplingOptions>(() => true)),
  ack: v.optional(v.picklist(['stored', 'memory'], "'stored' or 'memory'")),
  writeAheadFolder: v.optional(expected<string>('a folder', isFilledText)),
  forward: v.optional(expected<string>('a URL', isFilledText)),
  forwardHeaders: v.optional(v.record(text, text, 'an object of header names and strings')),
  maxForwardQueueBytes: v.optional(count),
  maxRequestBytes: v.optional(count),
  maxGrpcMessageBytes: v.optional(count),
  maxConnections: v.optional(count),
  maxQueueBytes: v.optional(count),
  corsOrigins: v.optional(v.array(text, 'a list of origins')),
  flushIntervalMillis: v.optional(millis),
  compressionLevel: v.optional(compressionLevel),
  stopTimeoutMillis: v.optional(millis),
}

/**
 * Checks options and fills them up from the environment. A wrong variable warns
 * and is ignored.
 *
 * @throws ReceiverError of reason `InvalidConfig`
 */
export function resolveReceiverConfig(options: OtlpReceiverOptions): ReceiverConfig {
  const given = checkOptions(entries, options, wrongOption)
  const named = given.sessionId ?? fromEnvironment('OTEL_TAPE_SESSION_ID', sessionIdIn)
  const { http, grpc, bearerToken, tls, redact, sampling, ...rest } = {
    ...DEFAULTS,
    writeAheadFolder: defaultWriteAheadFolder(),
    ...withoutUndefined(given),
  }
  const config = {
    ...rest,
    http: parseListenAddress(http, 'http'),
    grpc: parseListenAddress(grpc, 'grpc'),
    screen: screenOf({ redact, sampling }),
    bearerTokens: bearerTokensOf(bearerToken),
    tls: tls === undefined ? receiverTlsFromEnvironment() : loadReceiverTls(tls),
    sessionId: named === undefined ? generateSessionId() : checked(named),
    // A larger one could never be taken: what waits is bounded by the queue.
    maxRequestBytes: Math.min(rest.maxRequestBytes, rest.maxQueueBytes),
    maxGrpcMessageBytes: Math.min(rest.maxGrpcMessageBytes, rest.maxQueueBytes),
  }
  if (!config.http && !config.grpc) throw wrongOption(`'http' and 'grpc' are both off`)
  if (config.forward !== undefined && isOwnAddress(config.forward, config)) {
    throw wrongOption(`'forward' ${shownUrl(config.forward)} is where this receiver itself listens`)
  }
  return config
}

const TOKEN_VARIABLE = 'OTEL_TAPE_RECEIVER_TOKEN'

/** A variable that is wrong throws here: to ignore it would let everybody in. */
function bearerTokensOf(given: unknown): BearerTokens | undefined {
  if (given !== undefined) return createBearerTokens(checkBearerTokens(given, 'bearerToken'))
  const text = process.env[TOKEN_VARIABLE]?.trim()
  return text ? createBearerTokens(bearerTokensIn(text, TOKEN_VARIABLE)) : undefined
}

const OWN_HOSTS = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0|\[::\])$/

/** Whether what is forwarded would come back, to be forwarded again, without end. */
function isOwnAddress(
  forward: string,
  { http, grpc }: Pick<ReceiverConfig, 'http' | 'grpc'>,
): boolean {
  // Of a scheme that URL does not know, it gives no host.
  const url = parseUrl(forward.replace(/^grpc/, 'http'))
  if (!url) return false
  const { hostname, port } = url
  const listened = [http, grpc].filter((address) => address !== undefined && address.port > 0)
  return OWN_HOSTS.test(hostname) && listened.some((address) => String(address?.port) === port)
}

function screenOf(options: ScreenOptions): Screen | undefined {
  try {
    return createScreen(options)
  } catch (error) {
    throw wrongOption((error as Error).message)
  }
}

function wrongOption(complaint: string): ReceiverError {
  return new ReceiverError('InvalidConfig', `createOtlpReceiver: ${complaint}`)
}

function checked(sessionId: string): string {
  try {
    return sessionIdIn(sessionId)
  } catch (error) {
    throw new ReceiverError('InvalidConfig', (error as Error).message, { cause: error })
  }
}

function sessionIdIn(text: string): string {
  checkSessionId(text)
  return text
}

function isFilledText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

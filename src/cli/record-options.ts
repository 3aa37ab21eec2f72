// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { InvalidArgumentError } from 'commander'
import { parseListenAddress } from '../receive/listen-address'
import type { OtlpReceiverOptions } from '../receive/receiver-options'
import type { ObjectStore } from '../storage/object-store'
import { parseEndpoint } from '../transport/otlp-endpoint'
import type { GlobalOptions } from './option-parsers'
import type { RecordAccess, RecordAccessOptions } from './record-access'
import { type RecordScreenOptions, screenOptionsOf } from './record-screen'
import { UsageError } from './usage-error'

/** What `otel-tape record` is called with, as it is parsed. */
export interface RecordOptions extends GlobalOptions, RecordAccessOptions, RecordScreenOptions {
  session?: string
  sessionBy?: string
  sessionIdleMinutes?: number
  http?: string
  grpc?: string
  ack?: OtlpReceiverOptions['ack']
  writeAhead?: string
  forward?: string
  header?: Record<string, string>
  description?: string
  flag?: string[]
  rotateMinutes?: number
  rotateMb?: number
  maxRequestBytes?: number
  maxQueueBytes?: number
  flushIntervalMillis?: number
  corsOrigin?: string[]
}

/** Two recorded commands at a time must not want the same port. */
const FREE_PORT = '127.0.0.1:0'

/** The receiver that these options ask for. */
export function receiverOptionsOf(
  options: RecordOptions,
  store: ObjectStore,
  { hasCommand, access }: { hasCommand: boolean; access: RecordAccess },
): OtlpReceiverOptions {
  const { http, grpc, forward, header } = options
  if (http === 'off' && grpc === 'off') {
    throw new UsageError('nothing is left to listen on: --http and --grpc are both off')
  }
  if (header && forward === undefined) {
    throw new UsageError('--header goes with what is forwarded: give --forward URL')
  }
  return {
    http: http ?? (hasCommand ? FREE_PORT : undefined),
    grpc: grpc ?? (hasCommand ? FREE_PORT : undefined),
    bearerToken: access.bearerToken,
    tls: access.tls,
    store,
    sessionId: options.session,
    sessionBy: options.sessionBy,
    sessionIdleMinutes: options.sessionIdleMinutes,
    rotateMinutes: options.rotateMinutes,
    rotateMB: options.rotateMb,
    description: options.description,
    enabledFlags: options.flag,
    createdBy: 'otel-tape record',
    ack: options.ack,
    writeAheadFolder: options.writeAhead,
    forward,
    forwardHeaders: header,
    maxRequestBytes: options.maxRequestBytes,
    maxGrpcMessageBytes: options.maxRequestBytes,
    maxQueueBytes: options.maxQueueBytes,
    flushIntervalMillis: options.flushIntervalMillis,
    corsOrigins: options.corsOrigin,
    ...screenOptionsOf(options),
  }
}

export function parseHttp(text: string): string {
  return checkedAddress(text, '--http')
}

export function parseGrpc(text: string): string {
  return checkedAddress(text, '--grpc')
}

function checkedAddress(text: string, option: string): string {
  try {
    parseListenAddress(text, option)
    return text
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}

/** Of bytes or milliseconds. */
export function parseCount(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number above 0.')
}

/** Of minutes or megabytes; 0 means never. */
export function parseAmount(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a number, 0 or above; 0 means never.')
}

/** @throws TransportError of reason `InvalidConfig` that names the option as it is called here */
export function parseForwardUrl(text: string): string {
  parseEndpoint(text, '--forward')
  return text
}

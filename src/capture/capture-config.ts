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
import { fromEnvironment, textFrom } from '../options/environment'
import type { RedactOptions } from '../otlp/redact-options'
import type { SamplingOptions } from '../otlp/sample-traces'
import { type Screen, type ScreenOptions, createScreen } from '../session/screen'
import { checkSessionId, generateSessionId } from '../session/session-id'
import { type ObjectStore, isObjectStore } from '../storage/object-store'
import { CaptureError, toCaptureError } from './capture-error'

/** Options of `startCapture`. All are optional; code beats environment beats default. */
export interface CaptureConfig {
  /**
   * Names the session: letters, digits, `.`, `_`, `-`, at most 128. Several
   * processes that name the same session record into it together.
   * Default: `OTEL_TAPE_SESSION_ID`, else generated, sortable by time.
   */
  sessionId?: string
  /** Where to keep it: a store, or a URL for `openStore`. Default: `OTEL_TAPE_STORE`, see `openStore`. */
  store?: ObjectStore | string
  /** Session of another system that this one belongs to. */
  diagnosticSessionId?: string
  description?: string
  /** Feature flags that are on while it is recorded. */
  enabledFlags?: string[]
  /** Who or what records. Default `otel-tape`. */
  createdBy?: string
  /** Whether to record into a session that exists and is not completed. Default true. */
  join?: boolean
  captureTraces?: boolean
  captureMetrics?: boolean
  captureLogs?: boolean
  /**
   * What must not be kept: it is taken out before anything is queued, spooled or stored. A batch
   * that can't be followed to its end is dropped and counted. What the app exports stays as it is.
   * Default: the attribute keys in `OTEL_TAPE_REDACT_ATTRIBUTE_KEYS`, divided by commas.
   *
   * @example
   * startCapture({ redact: { attributeKeys: ['*.authorization'], values: [/\b\d{16}\b/] } })
   */
  redact?: RedactOptions
  /**
   * Keeps a part of all traces, each of them whole: whoever samples, in whichever process, keeps
   * the same ones. What has no trace is kept. Default: `OTEL_TAPE_SAMPLING_RATIO`, else all.
   *
   * @example
   * startCapture({ sampling: { ratio: 0.1 } })
   */
  sampling?: SamplingOptions
  /** Default: `CAPTURE_COMPRESSION_ENABLED`, else true. False stores blocks uncompressed, still as gzip. */
  compressionEnabled?: boolean
  /** zlib level, 0 (none), 1 (fast) to 9 (small). Default 1. */
  compressionLevel?: number
  /**
   * Megabytes (10^6 bytes, as stored) that this process records at the most; then
   * it stops. 0 for no limit. Default: `CAPTURE_MAX_SIZE_MB`, else 5,000.
   */
  maxSizeMB?: number
  /**
   * Minutes that this process records at the most; then it stops. 0 for no limit.
   * Default: `CAPTURE_MAX_DURATION_MINUTES`, else 120.
   */
  maxDurationMinutes?: number
  /** How long a batch may wait in memory before it is stored. Default 5,000. */
  flushIntervalMillis?: number
  /** Bytes that may wait in memory; what comes beyond is dropped and counted. Default 32 MiB. */
  maxQueueBytes?: number
  /** How long `stop` and `flush` may take. Default 10,000. */
  stopTimeoutMillis?: number
  /**
   * Folder on this machine for what the store does not take: when half of `maxQueueBytes` waits,
   * and when `stop` finds the store down. It is stored later, by this process or by the next one
   * that names the folder. Several may share it. Default: `OTEL_TAPE_SPOOL_FOLDER`, else none.
   */
  spoolFolder?: string
  /**
   * Bytes, compressed, that may lie in the spool folder, whoever put them there.
   * Default: `OTEL_TAPE_MAX_SPOOL_BYTES`, else 256 MiB.
   */
  maxSpoolBytes?: number
}

/** A config with every default filled in. */
export type ResolvedCaptureConfig = Required<
  Omit<
    CaptureConfig,
    | 'store'
    | 'diagnosticSessionId'
    | 'description'
    | 'spoolFolder'
    | 'compressionEnabled'
    | 'redact'
    | 'sampling'
  >
> &
  Pick<CaptureConfig, 'store' | 'diagnosticSessionId' | 'description' | 'spoolFolder'> & {
    /** Undefined: all is kept. */
    readonly screen?: Screen
  }

const DEFAULTS = Object.freeze({
  createdBy: 'otel-tape',
  join: true,
  captureTraces: true,
  captureMetrics: true,
  captureLogs: true,
  compressionEnabled: true,
  compressionLevel: 1,
  maxSizeMB: 5_000,
  maxDurationMinutes: 120,
  flushIntervalMillis: 5_000,
  maxQueueBytes: 32 * 1024 * 1024,
  stopTimeoutMillis: 10_000,
  maxSpoolBytes: 256 * 1024 * 1024,
})

const path = expected<string>(
  'the path of a folder',
  (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
)

const entries = {
  sessionId: v.optional(text),
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
  join: v.optional(flag),
  captureTraces: v.optional(flag),
  captureMetrics: v.optional(flag),
  captureLogs: v.optional(flag),
  // Looked at by whoever makes the screen: what is wrong there must not be shown.
  redact: v.optional(v.custom<RedactOptions>(() => true)),
  sampling: v.optional(v.custom<SamplingOptions>(() => true)),
  compressionEnabled: v.optional(flag),
  compressionLevel: v.optional(compressionLevel),
  maxSizeMB: v.optional(limit),
  maxDurationMinutes: v.optional(limit),
  flushIntervalMillis: v.optional(millis),
  maxQueueBytes: v.optional(count),
  stopTimeoutMillis: v.optional(millis),
  spoolFolder: v.optional(path),
  maxSpoolBytes: v.optional(count),
}

/**
 * Checks a config and fills it up from the environment. A wrong option throws
 * `CaptureError` of reason `InvalidConfig`; a wrong variable warns and is ignored.
 */
export function resolveCaptureConfig(config: CaptureConfig): ResolvedCaptureConfig {
  const { redact, sampling, ...given } = checkOptions(entries, config, wrongOption)
  const sessionId =
    given.sessionId ??
    fromEnvironment('OTEL_TAPE_SESSION_ID', parseSessionId) ??
    generateSessionId()
  try {
    checkSessionId(sessionId)
  } catch (error) {
    throw toCaptureError(error)
  }
  const { compressionEnabled, ...resolved } = {
    ...DEFAULTS,
    ...withoutUndefined({
      compressionEnabled: fromEnvironment('CAPTURE_COMPRESSION_ENABLED', parseFlag),
      maxSizeMB: fromEnvironment('CAPTURE_MAX_SIZE_MB', parseLimit),
      maxDurationMinutes: fromEnvironment('CAPTURE_MAX_DURATION_MINUTES', parseLimit),
      spoolFolder: textFrom('OTEL_TAPE_SPOOL_FOLDER'),
      maxSpoolBytes: fromEnvironment('OTEL_TAPE_MAX_SPOOL_BYTES', parseCount),
    }),
    enabledFlags: [],
    ...withoutUndefined(given),
    sessionId,
    screen: screenOf({ redact, sampling }),
  }
  return compressionEnabled ? resolved : { ...resolved, compressionLevel: 0 }
}

function screenOf(options: ScreenOptions): Screen | undefined {
  try {
    return createScreen(options)
  } catch (error) {
    throw wrongOption((error as Error).message)
  }
}

function wrongOption(complaint: string): CaptureError {
  return new CaptureError('InvalidConfig', `startCapture: ${complaint}`)
}

function parseSessionId(id: string): string {
  checkSessionId(id)
  return id
}

function parseLimit(text: string): number {
  if (v.is(limit, Number(text))) return Number(text)
  throw new RangeError(`'${text}' is no number of 0 or more`)
}

function parseCount(text: string): number {
  if (v.is(count, Number(text))) return Number(text)
  throw new RangeError(`'${text}' is no whole number above 0`)
}

function parseFlag(text: string): boolean {
  const flag = text.toLowerCase()
  if (flag === 'true' || flag === 'false') return flag === 'true'
  throw new RangeError(`'${text}' is neither true nor false`)
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import { fromEnvironment } from '../options/environment'
import { SIGNALS, type Signal } from '../otlp/signal'
import { type OtlpHttpOptions, senderEntries } from '../transport/sender-options'
import { type SinkOptions, sinkEntries } from './batch-sink'
import { checkOptions, expected, flag } from './check-options'
import type { ReplayExporters } from './exporter-target'
import { ReplayError } from './replay-error'
import { type ReplaySelection, checkRange, parseSpeed, selectionEntries } from './replay-selection'

export interface ReplayConfig
  extends ReplaySelection, OtlpHttpOptions, Pick<SinkOptions, 'concurrency'> {
  /**
   * Where to: `http://host:4318` or `https://…` for OTLP/HTTP (`/v1/<signal>` at its end makes no
   * difference), `grpc://host:4317` for OTLP/gRPC, `grpcs://…` with TLS. Default:
   * `OTEL_EXPORTER_OTLP_{TRACES,METRICS,LOGS}_ENDPOINT` for its signal, else
   * `OTEL_EXPORTER_OTLP_ENDPOINT`, else `REPLAY_DEFAULT_ENDPOINT`, by the protocol that
   * `OTEL_EXPORTER_OTLP_PROTOCOL` names, else `http://localhost:4318` or, if that is `grpc`,
   * `grpc://localhost:4317`.
   */
  targetEndpoint?: string
  /**
   * SDK exporters to export through, in place of a `targetEndpoint`. A signal without one is not
   * replayed. They are flushed at the end, not shut down; `timeoutMillis` (30,000 by default then)
   * is when to give up on one export.
   */
  exporters?: ReplayExporters
  /** Default true, with `exporters`: if there is one for it. */
  replayTraces?: boolean
  replayMetrics?: boolean
  replayLogs?: boolean
  /** Cancels the replay, as `cancel()` does. */
  signal?: AbortSignal
  /**
   * A file to keep account in of each batch that the target has answered, so that the replay can
   * be resumed. What is there from another replay is replaced. A path that ends with a slash is a
   * folder, in which the file is named after the session and a digest of what is replayed and where
   * to. Default: none is kept.
   */
  receipt?: string
  /**
   * Go on where the replay stopped that kept the `receipt`: what it sent is not sent again. All
   * options that decide about what is sent, where to and how it is changed have to be the same.
   */
  resume?: boolean
}

/** What a `ReplayConfig` asks for, checked, with environment and defaults filled in. */
export interface ResolvedReplayConfig extends ReplaySelection {
  readonly timestampAdjustment: NonNullable<ReplaySelection['timestampAdjustment']>
  readonly speedMultiplier: number
  readonly onError: NonNullable<ReplaySelection['onError']>
  readonly signals: readonly Signal[]
  readonly exporters?: ReplayExporters
  readonly otlp: OtlpHttpOptions
  readonly concurrency?: number
  readonly signal?: AbortSignal
  readonly receipt?: string
  readonly resume?: boolean
}

const DEFAULT_SPEED = 1

const exporter = expected<never>(
  'an exporter with export(), as the OpenTelemetry SDK has them',
  (value) => typeof (value as { export?: unknown } | null)?.export === 'function',
)

const entries = {
  ...selectionEntries,
  ...senderEntries,
  exporters: v.optional(
    v.strictObject(
      {
        traces: v.optional(exporter),
        metrics: v.optional(exporter),
        logs: v.optional(exporter),
      },
      'an object of traces, metrics and logs',
    ),
  ),
  replayTraces: v.optional(flag),
  replayMetrics: v.optional(flag),
  replayLogs: v.optional(flag),
  concurrency: sinkEntries.concurrency,
  receipt: v.optional(
    expected<string>('the path of a file', (value) => typeof value === 'string' && value !== ''),
  ),
  resume: v.optional(flag),
  signal: v.optional(
    // By what it does: other realms have AbortSignals of their own.
    expected<AbortSignal>(
      'an AbortSignal',
      (value) => typeof (value as Partial<AbortSignal> | null)?.throwIfAborted === 'function',
    ),
  ),
}

/** @throws ReplayError of reason `InvalidConfig` */
export function resolveReplayConfig(config: ReplayConfig): ResolvedReplayConfig {
  const given = checkOptions(entries, config, 'startReplay')
  const { targetEndpoint, headers, compression, timeoutMillis, retry } = given
  checkRange(given)
  if (given.resume && given.receipt === undefined) {
    throw wrongConfig('resume goes on with a receipt: name its file as receipt')
  }
  if (given.exporters) checkUnset({ targetEndpoint, headers, compression, retry })
  return {
    ...given,
    timestampAdjustment: given.timestampAdjustment ?? 'relative',
    speedMultiplier:
      given.speedMultiplier ?? fromEnvironment('REPLAY_DEFAULT_SPEED', parseSpeed) ?? DEFAULT_SPEED,
    onError: given.onError ?? 'skip',
    signals: signalsOf(given),
    otlp: { targetEndpoint, headers, compression, timeoutMillis, retry },
  }
}

/** Options of a target must not seem to change what an exporter does. */
function checkUnset(options: OtlpHttpOptions): void {
  const [set] = Object.entries(options).find(([, value]) => value !== undefined) ?? []
  if (set) throw wrongConfig(`${set} and exporters exclude each other: give one of them`)
}

function signalsOf(config: ReplayConfig): readonly Signal[] {
  const { exporters } = config
  const asked: Readonly<Record<Signal, boolean | undefined>> = {
    traces: config.replayTraces,
    metrics: config.replayMetrics,
    logs: config.replayLogs,
  }
  const signals = SIGNALS.filter((signal) => {
    if (exporters && asked[signal] === true && !exporters[signal]) {
      throw wrongConfig(`${signal} are to be replayed, but exporters.${signal} is missing`)
    }
    return asked[signal] ?? (exporters === undefined || exporters[signal] !== undefined)
  })
  if (signals.length > 0) return signals
  throw wrongConfig(
    'there is no signal to replay: leave one of replayTraces, replayMetrics and replayLogs on' +
      (exporters ? ' and give an exporter for it' : ''),
  )
}

function wrongConfig(message: string): ReplayError {
  return new ReplayError('InvalidConfig', `startReplay: ${message}`)
}

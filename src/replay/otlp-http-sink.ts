// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Writable } from 'node:stream'
import { type OtlpHttpOptions, senderEntries } from '../transport/sender-options'
import { type SinkOptions, createBatchSink, sinkEntries } from './batch-sink'
import { checkOptions } from './check-options'
import { createOtlpTarget, resolveOtlpTarget } from './otlp-target'

export interface OtlpHttpSinkOptions extends OtlpHttpOptions, SinkOptions {}

const entries = { ...senderEntries, ...sinkEntries }

/**
 * An object-mode `Writable` that posts each batch to an OTLP/HTTP endpoint,
 * repeats what OTLP lets a client repeat, and closes its connections behind the
 * last one.
 *
 * @throws ReplayError of reason `InvalidConfig` when an option is wrong
 *
 * @example
 * const sink = otlpHttpSink({ targetEndpoint: 'http://localhost:4318', compression: 'gzip' })
 * await pipeline(replayDataStream({ sessionId: 'debug-payment' }), sink)
 */
export function otlpHttpSink(options: OtlpHttpSinkOptions = {}): Writable {
  const { concurrency, onRejected, ...http } = checkOptions(entries, options, 'otlpHttpSink')
  const context = { entryPoint: 'otlpHttpSink', only: 'http', concurrency } as const
  const target = createOtlpTarget(resolveOtlpTarget(http, context))
  return createBatchSink(target, { concurrency, onRejected })
}

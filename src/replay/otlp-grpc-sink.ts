// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Writable } from 'node:stream'
import { type OtlpGrpcOptions, senderEntries } from '../transport/sender-options'
import { type SinkOptions, createBatchSink, sinkEntries } from './batch-sink'
import { checkOptions } from './check-options'
import { createOtlpTarget, resolveOtlpTarget } from './otlp-target'

export interface OtlpGrpcSinkOptions extends OtlpGrpcOptions, SinkOptions {}

const entries = { ...senderEntries, ...sinkEntries }

/**
 * An object-mode `Writable` that sends each batch to an OTLP/gRPC endpoint, and is otherwise
 * as `otlpHttpSink`. A batch of more than 4 MiB, which is what receivers take by default,
 * goes in several requests as far as its resources let it be divided.
 *
 * @throws ReplayError of reason `InvalidConfig` when an option is wrong
 *
 * @example
 * const sink = otlpGrpcSink({ targetEndpoint: 'grpc://localhost:4317', compression: 'gzip' })
 * await pipeline(replayDataStream({ sessionId: 'debug-payment' }), sink)
 */
export function otlpGrpcSink(options: OtlpGrpcSinkOptions = {}): Writable {
  const { concurrency, onRejected, ...grpc } = checkOptions(entries, options, 'otlpGrpcSink')
  const context = { entryPoint: 'otlpGrpcSink', only: 'grpc', concurrency } as const
  const target = createOtlpTarget(resolveOtlpTarget(grpc, context))
  return createBatchSink(target, { concurrency, onRejected })
}

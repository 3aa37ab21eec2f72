// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once, EventEmitter } from 'node:events'
import * as grpc from '@grpc/grpc-js'
import protobuf from 'protobufjs'
import type { Signal } from '../../src/otlp/signal'

export interface GrpcRequest {
  readonly signal: Signal
  readonly body: Buffer
  readonly metadata: grpc.Metadata
  /** What the client gave for it, in milliseconds. */
  readonly timeLeftMillis: number
}

/** The bytes of a response, a status, or nothing: then the request is left hanging. */
export type GrpcAnswer = Buffer | Partial<grpc.StatusObject> | undefined

export interface GrpcTarget extends AsyncDisposable {
  readonly url: string
  /** In the order of their arrival. */
  readonly requests: readonly GrpcRequest[]
  /** Drops every connection. */
  die(): void
  /** Resolves when as many requests have arrived. */
  received(count: number): Promise<void>
}

export interface GrpcTargetOptions {
  readonly credentials?: grpc.ServerCredentials
  readonly port?: number
  readonly maxMessageBytes?: number
}

export const taken = Buffer.alloc(0)

const SERVICES: Readonly<Record<Signal, string>> = {
  traces: 'opentelemetry.proto.collector.trace.v1.TraceService',
  metrics: 'opentelemetry.proto.collector.metrics.v1.MetricsService',
  logs: 'opentelemetry.proto.collector.logs.v1.LogsService',
}

/** A real gRPC server that takes OTLP, or does not. */
export async function openGrpcTarget(
  answer: (request: GrpcRequest, number: number) => GrpcAnswer | Promise<GrpcAnswer> = () => taken,
  { credentials, port = 0, maxMessageBytes }: GrpcTargetOptions = {},
): Promise<GrpcTarget> {
  const requests: GrpcRequest[] = []
  const events = new EventEmitter()
  const server = new grpc.Server(
    maxMessageBytes === undefined ? {} : { 'grpc.max_receive_message_length': maxMessageBytes },
  )
  const handlerOf =
    (signal: Signal): grpc.handleUnaryCall<Buffer, Buffer> =>
    (call, callback) => {
      const deadline = Number(call.getDeadline())
      const timeLeftMillis = deadline - Date.now()
      const request = { signal, body: call.request, metadata: call.metadata, timeLeftMillis }
      const number = requests.push(request) - 1
      events.emit('received')
      void Promise.resolve(answer(request, number)).then((given) => {
        if (Buffer.isBuffer(given)) callback(null, given)
        else if (given) callback(given)
      })
    }
  for (const signal of ['traces', 'metrics', 'logs'] as const) {
    const definition = {
      Export: {
        path: `/${SERVICES[signal]}/Export`,
        requestStream: false,
        responseStream: false,
        requestSerialize: (bytes: Buffer) => bytes,
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (bytes: Buffer) => bytes,
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    } as const
    server.addService(definition, { Export: handlerOf(signal) })
  }
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(
      `127.0.0.1:${port}`,
      credentials ?? grpc.ServerCredentials.createInsecure(),
      (error, boundPort) => (error ? reject(error) : resolve(boundPort)),
    )
  })
  const die = (): void => server.forceShutdown()
  return {
    url: `${credentials ? 'grpcs' : 'grpc'}://127.0.0.1:${bound}`,
    requests,
    die,
    [Symbol.asyncDispose]: async () => die(),
    async received(expected) {
      while (requests.length < expected) await once(events, 'received')
    },
  }
}

/** As a server of OTLP writes it, by another protobuf implementation. */
export function partialSuccess(rejected: number, message: string): Buffer {
  const writer = protobuf.Writer.create().uint32(10).fork()
  writer.uint32(8).int64(rejected).uint32(18).string(message).ldelim()
  return Buffer.from(writer.finish())
}

/** A status with a `google.rpc.RetryInfo` in its details. */
export function statusWithRetryInfo(
  code: grpc.status,
  delayMillis: number,
): Partial<grpc.StatusObject> {
  const duration = protobuf.Writer.create()
    .uint32(8)
    .int64(Math.floor(delayMillis / 1000))
    .uint32(16)
    .int32((delayMillis % 1000) * 1e6)
    .finish()
  const retryInfo = protobuf.Writer.create().uint32(10).bytes(duration).finish()
  const any = protobuf.Writer.create()
    .uint32(10)
    .string('type.googleapis.com/google.rpc.RetryInfo')
    .uint32(18)
    .bytes(retryInfo)
    .finish()
  const status = protobuf.Writer.create().uint32(8).int32(code).uint32(26).bytes(any).finish()
  const metadata = new grpc.Metadata()
  metadata.set('grpc-status-details-bin', Buffer.from(status))
  return { code, details: 'come again', metadata }
}

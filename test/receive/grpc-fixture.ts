// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Client, compressionAlgorithms, credentials, type ServiceError } from '@grpc/grpc-js'
import type { Signal } from '../../src/otlp/signal'
import { createBearerTokens } from '../../src/receive/bearer-tokens'
import type { Endpoint } from '../../src/receive/endpoint'
import { startGrpcEndpoint } from '../../src/receive/grpc-endpoint'
import type { Intake } from '../../src/receive/intake'
import { MemoryBudget } from '../../src/receive/memory-budget'
import { encodeIndependently } from '../support/independent-decoder'

/** As the OTLP specification spells them. */
export const EXPORT_PATHS: Readonly<Record<Signal, string>> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
}

export interface TestGrpcOptions {
  intake: Intake
  host?: string
  maxRequestBytes?: number
  maxBudgetBytes?: number
  bearerToken?: string
}

export interface TestGrpcEndpoint extends AsyncDisposable {
  readonly endpoint: Endpoint
  readonly budget: MemoryBudget
  /** Names told to `onRefused`, in order. */
  readonly refused: (number | string)[]
  /** A client on a connection of its own that sends compressed, closed with the endpoint. */
  connect(coding?: compressionAlgorithms): Client
}

export async function startTestGrpc(options: TestGrpcOptions): Promise<TestGrpcEndpoint> {
  const { intake, host = '127.0.0.1', bearerToken } = options
  const budget = new MemoryBudget(options.maxBudgetBytes ?? 64_000_000)
  const refused: (number | string)[] = []
  const clients: Client[] = []
  const endpoint = await startGrpcEndpoint({
    host,
    port: 0,
    intake,
    budget,
    maxRequestBytes: options.maxRequestBytes ?? 4 * 1024 * 1024,
    maxConnections: 100,
    bearerTokens: bearerToken === undefined ? undefined : createBearerTokens([bearerToken]),
    onRefused: (status) => refused.push(status),
  })
  // Asked for while it listens: a closed one has none.
  const { address } = endpoint
  return {
    endpoint,
    budget,
    refused,
    connect: (coding = compressionAlgorithms.identity) => {
      const client = new Client(address, credentials.createInsecure(), {
        'grpc.use_local_subchannel_pool': 1,
        // Nothing is sent again behind a test's back.
        'grpc.enable_retries': 0,
        'grpc.max_send_message_length': -1,
        'grpc.default_compression_algorithm': coding,
      })
      clients.push(client)
      return client
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.close()
      await endpoint.close(AbortSignal.abort())
    },
  }
}

const plain = (bytes: Buffer): Buffer => bytes

/** Sends a request as the bytes it is; rejects with grpc-js's `ServiceError`. */
export function exportBytes(client: Client, signal: Signal, body: Uint8Array): Promise<Buffer> {
  const path = EXPORT_PATHS[signal]
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, plain, plain, Buffer.from(body), (error, answer) =>
      error ? reject(error) : resolve(answer ?? Buffer.alloc(0)),
    )
  })
}

/** The error that a call ends with. */
export async function errorOf(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call
  } catch (error) {
    return error as ServiceError
  }
  throw new Error('the call was answered, not refused')
}

/** A valid request of one span. */
export const ONE_SPAN = encodeIndependently('traces', {
  resourceSpans: [
    {
      scopeSpans: [
        {
          spans: [
            {
              traceId: Buffer.alloc(16, 1),
              spanId: Buffer.alloc(8, 2),
              name: 'checkout',
              startTimeUnixNano: '1700000000000000000',
              endTimeUnixNano: '1700000001000000000',
            },
          ],
        },
      ],
    },
  ],
})

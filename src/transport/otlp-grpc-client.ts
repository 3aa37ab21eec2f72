// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Client, ChannelCredentials, Metadata, ServiceError } from '@grpc/grpc-js'
import type { Signal } from '../otlp/signal'
import { untraced } from '../storage/untraced'
import type { ClientCertificates } from './client-certificates'
import { judgeGrpcStatus, judgeGrpcSuccess } from './judge-grpc-answer'
import type { OtlpAnswer, OtlpClient } from './otlp-client'

export interface OtlpGrpcClientOptions {
  /** `grpc://host:port`, or `grpcs://host:port` with TLS. */
  readonly endpoint: string
  /** Sent as metadata with every request, their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly compression: 'none' | 'gzip'
  /** What the target is told to have for one request. */
  readonly timeoutMillis: number
  readonly certificates?: ClientCertificates
}

/** What receivers take unless they are told otherwise: gRPC's own default. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024
const DEFAULT_USER_AGENT = 'otel-tape'

const METHODS: Readonly<Record<Signal, string>> = Object.freeze({
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
})

type Grpc = typeof import('@grpc/grpc-js')

/** Requests go over one connection, as the bytes that they are. */
export function createOtlpGrpcClient(options: OtlpGrpcClientOptions): OtlpClient {
  return new GrpcClient(options)
}

class GrpcClient implements OtlpClient {
  readonly maxRequestBytes = MAX_REQUEST_BYTES
  readonly protocolName = 'OTLP/gRPC'
  readonly #options: OtlpGrpcClientOptions
  #metadata?: Metadata
  #client?: Client

  constructor(options: OtlpGrpcClientOptions) {
    this.#options = options
  }

  /** As it is: the channel compresses. */
  async encode(body: Uint8Array): Promise<Uint8Array> {
    return body
  }

  async post(signal: Signal, encoded: Uint8Array, abort: AbortSignal): Promise<OtlpAnswer> {
    const grpc = loadGrpc()
    const client = (this.#client ??= this.#connect(grpc))
    const metadata = (this.#metadata ??= metadataOf(grpc, this.#options.headers))
    const deadline = Date.now() + this.#options.timeoutMillis
    const body = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength)
    return untraced(
      () =>
        new Promise<OtlpAnswer>((resolve, reject) => {
          let hasHeaders = false
          const call = client.makeUnaryRequest<Buffer, Buffer>(
            METHODS[signal],
            asIs,
            asIs,
            body,
            metadata,
            { deadline },
            (error, answer) => {
              abort.removeEventListener('abort', cancel)
              if (!error) resolve(judgeGrpcSuccess(answer ?? Buffer.alloc(0)))
              else if (isFromServer(error, hasHeaders)) resolve(judgeGrpcStatus(grpc, error))
              else reject(this.#noAnswer(grpc, error, client))
            },
          )
          const cancel = (): void => call.cancel()
          call.on('metadata', () => (hasHeaders = true))
          abort.addEventListener('abort', cancel, { once: true })
        }),
    )
  }

  async close(): Promise<void> {
    this.#client?.close()
    this.#client = undefined
  }

  #connect(grpc: Grpc): Client {
    const { endpoint, headers, compression } = this.#options
    const { gzip, identity } = grpc.compressionAlgorithms
    // The scheme, or a host called 'unix' would be taken for one.
    const address = `dns:${endpoint.slice(endpoint.indexOf('//') + 2)}`
    return new grpc.Client(address, this.#credentials(grpc), {
      'grpc.primary_user_agent': headers['user-agent'] ?? DEFAULT_USER_AGENT,
      'grpc.default_compression_algorithm': compression === 'gzip' ? gzip : identity,
      // The sender repeats by OTLP's rules; gRPC's own repeats would come on top.
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      // As over HTTP, where no proxy is looked for either.
      'grpc.enable_http_proxy': 0,
      // A target that comes back must be found within a sender's longest wait, not after minutes.
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 2_000,
      // Else a connection that #noAnswer gave up would be found again.
      'grpc.use_local_subchannel_pool': 1,
    })
  }

  #credentials(grpc: Grpc): ChannelCredentials {
    const { endpoint, certificates } = this.#options
    if (!endpoint.startsWith('grpcs:')) return grpc.credentials.createInsecure()
    const { ca, key, cert } = certificates ?? {}
    return grpc.credentials.createSsl(ca ?? null, key ?? null, cert ?? null)
  }

  /**
   * A connection that does not answer may be dead without anyone having said so
   * (a firewall forgot it between two batches of a paced replay), and gRPC would go on
   * using it for a quarter of an hour. The next attempt opens another one.
   */
  #noAnswer(grpc: Grpc, error: ServiceError, client: Client): Error {
    const isTimeout = error.code === grpc.status.DEADLINE_EXCEEDED
    if ((isTimeout || error.code === grpc.status.CANCELLED) && this.#client === client) {
      client.close()
      this.#client = undefined
    }
    const { timeoutMillis } = this.#options
    const message = isTimeout ? `no answer within ${timeoutMillis} ms` : error.details
    const code = grpc.status[error.code]
    return Object.assign(new Error(message, { cause: error }), { code })
  }
}

function loadGrpc(): Grpc {
  // At the first request, not at import: loading it takes 100 ms.
  return require('@grpc/grpc-js') as Grpc
}

function metadataOf(grpc: Grpc, headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new grpc.Metadata()
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'user-agent') continue
    metadata.set(name, name.endsWith('-bin') ? Buffer.from(value, 'base64') : value)
  }
  return metadata
}

/**
 * Whether a status was sent, or made up on this side because there was no answer. A status without
 * a message comes in one header block, whose content type then stands in the metadata; any other
 * comes behind headers.
 */
function isFromServer(error: ServiceError, hasHeaders: boolean): boolean {
  if (hasHeaders) return !error.details.includes('RST_STREAM')
  return error.metadata.get('content-type').length > 0
}

function asIs(bytes: Buffer): Buffer {
  return bytes
}

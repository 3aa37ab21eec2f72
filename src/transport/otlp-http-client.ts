// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Signal } from '../otlp/signal'
import { untraced } from '../storage/untraced'
import type { ClientCertificates } from './client-certificates'
import { type Connector, type HttpConnection, createHttpConnection } from './http-connection'
import { judgeHttpAnswer } from './judge-http-answer'
import type { OtlpAnswer, OtlpClient } from './otlp-client'
import type { OtlpEndpoints } from './otlp-endpoint'

export interface OtlpHttpClientOptions {
  readonly endpoints: OtlpEndpoints
  /** Sent with every request, their names in lower case; ours win but for `user-agent`. */
  readonly headers: Readonly<Record<string, string>>
  readonly compression: 'none' | 'gzip'
  /** How many connections are kept open for requests to come. */
  readonly connections: number
  readonly certificates?: ClientCertificates
  /** Told of each encoded body that was accepted, when nothing here will read it again. */
  readonly onSpent?: (encoded: Uint8Array) => void
}

/** A partial success fits; a web page need not be read to its end to be known as one. */
const MAX_ANSWER_BYTES = 1024 * 1024

const gzipAsync = promisify(gzip)

export function createOtlpHttpClient(options: OtlpHttpClientOptions): OtlpClient {
  return new UndiciClient(options)
}

type DispatchHandler = import('undici').Dispatcher.DispatchHandler
type DispatchController = import('undici').Dispatcher.DispatchController
type Headers = Parameters<NonNullable<DispatchHandler['onResponseStart']>>[2]

class UndiciClient implements OtlpClient {
  readonly maxRequestBytes = Infinity
  readonly protocolName = 'OTLP/HTTP'
  readonly #options: OtlpHttpClientOptions
  readonly #headers: Readonly<Record<string, string>>
  readonly #addresses: Readonly<Record<Signal, Address>>
  readonly #connections = new Set<HttpConnection>()
  /** Those that nothing is sent over. */
  readonly #idle: HttpConnection[] = []
  #connector?: Connector

  constructor(options: OtlpHttpClientOptions) {
    this.#options = options
    this.#headers = {
      'user-agent': 'otel-tape',
      ...options.headers,
      'content-type': 'application/x-protobuf',
      ...(options.compression === 'gzip' && { 'content-encoding': 'gzip' }),
    }
    const { traces, metrics, logs } = options.endpoints
    this.#addresses = {
      traces: addressOf(traces),
      metrics: addressOf(metrics),
      logs: addressOf(logs),
    }
  }

  async encode(body: Uint8Array): Promise<Uint8Array> {
    return this.#options.compression === 'gzip' ? gzipAsync(body) : body
  }

  async post(signal: Signal, encoded: Uint8Array, abort: AbortSignal): Promise<OtlpAnswer> {
    const address = this.#addresses[signal]
    const request = { ...address, method: 'POST' as const, headers: this.#headers, body: encoded }
    const connection = this.#take(address.origin)
    let isWhole = false
    try {
      const answer = await new Promise<OtlpAnswer>((resolve, reject) => {
        const listener = new AnswerListener(resolve, reject, abort)
        untraced(() => connection.dispatch(request, listener))
      })
      isWhole = true
      if (answer.verdict === 'accepted' && connection.hasSentAll) this.#options.onSpent?.(encoded)
      return answer
    } finally {
      this.#putBack(connection, isWhole)
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.destroy()))
  }

  #take(origin: string): HttpConnection {
    const idle = this.#idle.findLast((connection) => connection.origin === origin)
    if (idle === undefined) return this.#connect(origin)
    this.#idle.splice(this.#idle.indexOf(idle), 1)
    return idle
  }

  /** One over which a request failed may still be waiting to be connected: no other must queue there. */
  #putBack(connection: HttpConnection, isWhole: boolean): void {
    const isWanted = isWhole && this.#idle.length < this.#options.connections
    if (isWanted) return void this.#idle.push(connection)
    this.#connections.delete(connection)
    connection.destroy().catch(() => undefined)
  }

  #connect(origin: string): HttpConnection {
    // At the first request, not at import: loading it takes 80 ms.
    const undici = require('undici') as typeof import('undici')
    this.#connector ??= undici.buildConnector({ ...this.#options.certificates })
    const connection = createHttpConnection(undici, origin, this.#connector)
    this.#connections.add(connection)
    return connection
  }
}

/**
 * Listens to one request as undici's `request()` would, without a stream for each
 * answer: nearly all of them are empty, and it would double what sending costs.
 */
class AnswerListener implements DispatchHandler {
  readonly #resolve: (answer: OtlpAnswer) => void
  readonly #reject: (error: unknown) => void
  readonly #abort: AbortSignal
  readonly #chunks: Buffer[] = []
  #length = 0
  #statusCode = 0
  #headers: Headers = {}
  #controller?: DispatchController

  constructor(
    resolve: (answer: OtlpAnswer) => void,
    reject: (error: unknown) => void,
    abort: AbortSignal,
  ) {
    this.#resolve = resolve
    this.#reject = reject
    this.#abort = abort
    abort.addEventListener('abort', this.#onAbort, { once: true })
  }

  onRequestStart(controller: DispatchController): void {
    this.#controller = controller
    // It may have waited for a connection until nobody wanted it any more.
    if (this.#abort.aborted) this.#onAbort()
  }

  onResponseStart(_controller: DispatchController, statusCode: number, headers: Headers): void {
    // Informational answers come before the one that counts, which replaces them.
    this.#statusCode = statusCode
    this.#headers = headers
  }

  onResponseData(controller: DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length < MAX_ANSWER_BYTES) return
    this.#answer()
    controller.abort(new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`))
  }

  onResponseEnd(): void {
    this.#answer()
  }

  onResponseError(_controller: DispatchController, error: Error): void {
    this.#abort.removeEventListener('abort', this.#onAbort)
    this.#reject(error)
  }

  readonly #onAbort = (): void => {
    const reason = this.#abort.reason as Error
    this.#controller?.abort(reason)
    this.#reject(reason)
  }

  #answer(): void {
    this.#abort.removeEventListener('abort', this.#onAbort)
    const headers = this.#headers
    this.#resolve(
      judgeHttpAnswer({
        statusCode: this.#statusCode,
        contentType: single(headers['content-type']) ?? '',
        retryAfter: single(headers['retry-after']),
        location: single(headers.location),
        body: this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks),
      }),
    )
  }
}

interface Address {
  readonly origin: string
  readonly path: string
}

function addressOf(endpoint: string): Address {
  const { origin, pathname, search } = new URL(endpoint)
  return { origin, path: pathname + search }
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

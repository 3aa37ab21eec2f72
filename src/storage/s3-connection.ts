// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import type { Client, ClientOptions } from 'minio'
import type { S3Endpoint } from './s3-endpoint'
import { readResponseError } from './s3-response-error'
import { untraced } from './untraced'

export interface S3Credentials {
  readonly accessKey: string
  readonly secretKey: string
  readonly sessionToken?: string
}

export interface S3ConnectionOptions extends S3Credentials {
  readonly endpoint: S3Endpoint
  readonly region: string
  readonly maxSockets: number
  /** How long no byte may move in either direction, in milliseconds. */
  readonly idleTimeoutMillis: number
}

/** Nothing moved on the connection for too long. */
export class S3IdleError extends Error {
  override readonly name = 'S3IdleError'

  constructor(readonly idleTimeoutMillis: number) {
    super(`the server kept silent for ${idleTimeoutMillis} ms`)
  }
}

/**
 * Requests to one S3 server. The `minio` client knows the protocol: signatures,
 * addresses, escapes. How bytes move is ours, as the client has no time limit and
 * can't be aborted (a server that hangs keeps its calls pending for ever), hides
 * the status of an answer, and leaves the answers it retries unread, which pins
 * their sockets: fifty times 503, fifty sockets lost.
 *
 * `http` and the client are loaded with the first request: loading them earlier
 * than the app's SDK would keep the app's own instrumentation from seeing `http`.
 */
export class S3Connection {
  readonly #options: S3ConnectionOptions
  #agent: Agent | undefined
  #minio: typeof import('minio') | undefined
  #isReached = false

  constructor(options: S3ConnectionOptions) {
    this.#options = options
  }

  /** Whether the server ever answered, be it with an error. */
  get isReached(): boolean {
    return this.#isReached
  }

  /**
   * One attempt: what `use` does with a client, where a request that isn't
   * answered with success rejects at once with `S3ResponseError`, and every
   * request ends with the signal.
   */
  async call<T>(use: (client: Client) => Promise<T>, signal: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // Answered here, the client's own promise may stay pending: nothing holds on to it.
      const client = this.#clientFor((options, onResponse) =>
        this.#request({ ...options, signal }, onResponse, reject),
      )
      use(client).then(resolve, reject)
    })
  }

  /**
   * Whether the signature of a request covers its body. Over TLS it need not, and
   * what is hashed there already is not hashed twice.
   */
  get signsBodies(): boolean {
    return !this.#options.endpoint.isSecure
  }

  destroy(): void {
    this.#agent?.destroy()
  }

  #clientFor(request: Request): Client {
    const { endpoint, region, accessKey, secretKey, sessionToken } = this.#options
    // Looking a module up again takes longer than making a client.
    this.#minio ??= require('minio') as typeof import('minio')
    return new this.#minio.Client({
      endPoint: endpoint.host,
      port: endpoint.port,
      useSSL: endpoint.isSecure,
      // Without it, each bucket costs a request for its region.
      region,
      accessKey,
      secretKey,
      sessionToken,
      // The one member of `http` that the client calls.
      transport: { request } as ClientOptions['transport'],
      transportAgent: (this.#agent ??= this.#createAgent()),
      retryOptions: { disableRetry: true },
    })
  }

  #request(
    options: RequestOptions,
    onResponse: (response: IncomingMessage) => void,
    reject: (error: Error) => void,
  ): ClientRequest {
    const { endpoint, idleTimeoutMillis } = this.#options
    const withTimeout = { ...options, timeout: idleTimeoutMillis }
    return untraced(() => {
      const request = httpOf(endpoint).request(withTimeout, (response) => {
        this.#isReached = true
        const status = response.statusCode ?? 0
        if (status >= 200 && status < 300) onResponse(response)
        else readResponseError(response).then(reject, reject)
      })
      request.on('timeout', () => request.destroy(new S3IdleError(idleTimeoutMillis)))
      request.on('error', reject)
      return request
    })
  }

  #createAgent(): Agent {
    const { endpoint, maxSockets, idleTimeoutMillis } = this.#options
    return new (httpOf(endpoint).Agent)({
      keepAlive: true,
      maxSockets,
      // Also of sockets that wait for their next request.
      timeout: idleTimeoutMillis,
    })
  }
}

type Request = (
  options: RequestOptions,
  onResponse: (response: IncomingMessage) => void,
) => ClientRequest

function httpOf(endpoint: S3Endpoint): typeof import('node:http') | typeof import('node:https') {
  return endpoint.isSecure
    ? (require('node:https') as typeof import('node:https'))
    : (require('node:http') as typeof import('node:http'))
}

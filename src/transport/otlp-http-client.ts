// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Signal } from '../otlp/signal'
import { untraced } from '../storage/untraced'
import type { ClientCertificates } from './client-certificates'
import { judgeHttpAnswer } from './judge-http-answer'
import type { OtlpAnswer, OtlpClient } from './otlp-client'
import type { OtlpEndpoints } from './otlp-endpoint'

export interface OtlpHttpClientOptions {
  readonly endpoints: OtlpEndpoints
  /** Sent with every request, their names in lower case; ours win but for `user-agent`. */
  readonly headers: Readonly<Record<string, string>>
  readonly compression: 'none' | 'gzip'
  readonly connections: number
  readonly certificates?: ClientCertificates
}

/** A partial success fits; a web page need not be read to its end to be known as one. */
const MAX_ANSWER_BYTES = 1024 * 1024

const gzipAsync = promisify(gzip)

export function createOtlpHttpClient(options: OtlpHttpClientOptions): OtlpClient {
  return new UndiciClient(options)
}

type Agent = import('undici').Agent
type AnswerBody = import('undici').Dispatcher.ResponseData['body']

class UndiciClient implements OtlpClient {
  readonly maxRequestBytes = Infinity
  readonly protocolName = 'OTLP/HTTP'
  readonly #options: OtlpHttpClientOptions
  readonly #headers: Readonly<Record<string, string>>
  readonly #addresses: Readonly<Record<Signal, Address>>
  #agent?: Agent

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
    const { statusCode, headers, body } = await untraced(() =>
      this.#connections().request({
        ...this.#addresses[signal],
        method: 'POST',
        headers: this.#headers,
        body: encoded,
        signal: abort,
      }),
    )
    return judgeHttpAnswer({
      statusCode,
      contentType: single(headers['content-type']) ?? '',
      retryAfter: single(headers['retry-after']),
      location: single(headers.location),
      body: await readUpTo(MAX_ANSWER_BYTES, body, headers['content-length']),
    })
  }

  async close(): Promise<void> {
    await this.#agent?.destroy()
  }

  #connections(): Agent {
    if (this.#agent) return this.#agent
    // At the first request, not at import: loading it takes 80 ms.
    const undici = require('undici') as typeof import('undici')
    this.#agent = new undici.Agent({
      connections: this.#options.connections,
      // Whoever posts bounds the whole; these would bound parts of it, to the second.
      headersTimeout: 0,
      bodyTimeout: 0,
      ...(this.#options.certificates && { connect: this.#options.certificates }),
    })
    return this.#agent
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

async function readUpTo(
  maxBytes: number,
  body: AnswerBody,
  contentLength: string | string[] | undefined,
): Promise<Uint8Array> {
  // Nearly all answers are empty, and this is many times cheaper than to iterate.
  if (Number(contentLength) <= maxBytes) return body.bytes()
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= maxBytes) break
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Agent, AgentOptions, IncomingMessage } from 'node:http'
import type { Agent as SecureAgent, AgentOptions as SecureAgentOptions } from 'node:https'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { untraced } from '../storage/untraced'
import { judgeHttpAnswer } from './judge-http-answer'
import type { OtlpAnswer } from './otlp-client'

type MaybePromise<T> = T | Promise<T>

/** Asked at the first request, with `http:` or `https:`. */
export type AgentFactory = (protocol: string) => MaybePromise<Agent | SecureAgent>

export interface NodeHttpClientOptions {
  /** The whole endpoint. Credentials in it become the `authorization` header. */
  readonly url: URL
  /** Asked before each request; their names in lower case. */
  readonly headers: () => MaybePromise<Readonly<Record<string, string>>>
  readonly compression: 'none' | 'gzip'
  /** What to send through: an agent of the app's, or one of our own with these options. */
  readonly agent: AgentOptions | SecureAgentOptions | AgentFactory
}

/** One request, one answer, through Node's own `http` and an agent that the app may choose. */
export interface NodeHttpClient {
  /** A request's body as it goes over the wire: made once, sent as often as it takes. */
  encode(body: Uint8Array): Promise<Uint8Array>

  /** Sends an encoded body. Rejects when there was no answer, with what was in the way. */
  post(encoded: Uint8Array, abort: AbortSignal): Promise<OtlpAnswer>

  /** Ends every connection, but for those of the app's own agent. The next request opens anew. */
  close(): void
}

/** A partial success fits; a web page need not be read to its end to be known as one. */
const MAX_ANSWER_BYTES = 1024 * 1024

const gzipAsync = promisify(gzip)

export function createNodeHttpClient(options: NodeHttpClientOptions): NodeHttpClient {
  return new AgentClient(options)
}

class AgentClient implements NodeHttpClient {
  readonly #options: NodeHttpClientOptions
  #ownAgent?: Agent | SecureAgent
  #appsAgent?: Promise<Agent | SecureAgent>

  constructor(options: NodeHttpClientOptions) {
    this.#options = options
  }

  async encode(body: Uint8Array): Promise<Uint8Array> {
    return this.#options.compression === 'gzip' ? gzipAsync(body) : body
  }

  async post(encoded: Uint8Array, abort: AbortSignal): Promise<OtlpAnswer> {
    const { url, compression } = this.#options
    const agent = await this.#connections()
    const headers = {
      ...(await this.#options.headers()),
      'content-type': 'application/x-protobuf',
      ...(compression === 'gzip' && { 'content-encoding': 'gzip' }),
    }
    const options = { method: 'POST', headers, agent, signal: abort }
    return untraced(
      () =>
        new Promise((resolve, reject) => {
          const onAnswer = (message: IncomingMessage): void =>
            void answerIn(message).then(resolve, reject)
          httpFor(url).request(url, options, onAnswer).on('error', reject).end(encoded)
        }),
    )
  }

  close(): void {
    this.#ownAgent?.destroy()
  }

  #connections(): MaybePromise<Agent | SecureAgent> {
    const { agent, url } = this.#options
    if (typeof agent !== 'function') {
      this.#ownAgent ??= new (httpFor(url).Agent)(agent)
      return this.#ownAgent
    }
    this.#appsAgent ??= this.#askForAgent(agent)
    return this.#appsAgent
  }

  async #askForAgent(create: AgentFactory): Promise<Agent | SecureAgent> {
    try {
      return await create(this.#options.url.protocol)
    } catch (error) {
      // The next request asks again.
      this.#appsAgent = undefined
      throw error
    }
  }
}

/** At the first request, not at import: what is loaded before an app's instrumentation escapes it. */
function httpFor({ protocol }: URL): typeof import('node:http') | typeof import('node:https') {
  return protocol === 'https:'
    ? (require('node:https') as typeof import('node:https'))
    : (require('node:http') as typeof import('node:http'))
}

async function answerIn(message: IncomingMessage): Promise<OtlpAnswer> {
  const { statusCode = 0, headers } = message
  return judgeHttpAnswer({
    statusCode,
    contentType: headers['content-type'] ?? '',
    retryAfter: headers['retry-after'],
    location: headers.location,
    body: await readUpTo(MAX_ANSWER_BYTES, message),
  })
}

/**
 * A connection that breaks after the status takes nothing back: whoever sent again what a 200 has
 * accepted would send it twice. So this never rejects, and what arrived is what was said.
 */
function readUpTo(maxBytes: number, message: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    message.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length >= maxBytes) message.destroy()
    })
    message.on('error', () => undefined)
    message.on('close', () =>
      resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length)),
    )
  })
}

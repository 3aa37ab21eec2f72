// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import protobuf from 'protobufjs'
import { summarizeRequest } from '../../src/otlp/summarize-request'
import type { Signal } from '../../src/otlp/signal'
import { createBearerTokens } from '../../src/receive/bearer-tokens'
import type { Endpoint } from '../../src/receive/endpoint'
import { startHttpEndpoint, type HttpTimeLimits } from '../../src/receive/http-endpoint'
import type { Intake, IntakeResult } from '../../src/receive/intake'
import { MemoryBudget } from '../../src/receive/memory-budget'
import { requestType } from '../support/independent-decoder'

export const ALL_TAKEN: IntakeResult = { rejectedItems: 0, message: '' }

export interface TakenRequest {
  readonly signal: Signal
  readonly body: Uint8Array
}

/** An intake in memory that takes whatever can be followed as OTLP. */
export interface TestIntake extends Intake {
  readonly taken: TakenRequest[]
}

export function createTestIntake(result: IntakeResult = ALL_TAKEN): TestIntake {
  const taken: TakenRequest[] = []
  const take = async (signal: Signal, body: Uint8Array) => {
    summarizeRequest(body, signal)
    taken.push({ signal, body })
    return result
  }
  return { taken, take }
}

export interface TestEndpointOptions {
  intake: Intake
  maxRequestBytes?: number
  maxBudgetBytes?: number
  corsOrigins?: string[]
  bearerToken?: string
  host?: string
  timeLimits?: HttpTimeLimits
}

export interface TestEndpoint extends AsyncDisposable {
  readonly endpoint: Endpoint
  readonly url: string
  readonly budget: MemoryBudget
  /** Statuses told to `onRefused`, in order. */
  readonly refused: (number | string)[]
  connect(): Promise<RawConnection>
}

export async function startTestEndpoint(options: TestEndpointOptions): Promise<TestEndpoint> {
  const { intake, host = '127.0.0.1', corsOrigins = [], bearerToken, timeLimits } = options
  const budget = new MemoryBudget(options.maxBudgetBytes ?? 64_000_000)
  const refused: (number | string)[] = []
  const connections: RawConnection[] = []
  const endpoint = await startHttpEndpoint(
    {
      host,
      port: 0,
      intake,
      budget,
      corsOrigins,
      bearerTokens: bearerToken === undefined ? undefined : createBearerTokens([bearerToken]),
      maxRequestBytes: options.maxRequestBytes ?? 20 * 1024 * 1024,
      maxConnections: 100,
      onRefused: (status) => refused.push(status),
    },
    timeLimits,
  )
  const url = `http://${endpoint.address}`
  return {
    endpoint,
    url,
    budget,
    refused,
    connect: async () => {
      const connection = await RawConnection.open(Number(new URL(url).port), host)
      connections.push(connection)
      return connection
    },
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) connection.destroy()
      await endpoint.close(AbortSignal.timeout(2_000))
    },
  }
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Buffer
}

/** A connection that sends any bytes at all, and reads answers with a parser of its own. */
export class RawConnection {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #ended = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      socket.emit('progress')
    })
    // A reset is an end like any other; what came before it was read.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#ended = true
      socket.emit('progress')
    })
  }

  static async open(port: number, host: string): Promise<RawConnection> {
    const socket = connect({ port, host })
    await once(socket, 'connect')
    return new RawConnection(socket)
  }

  send(bytes: Uint8Array | string): void {
    this.#socket.write(bytes)
  }

  /** Resolves with the next answer. */
  async answer(hasBody = true): Promise<HttpAnswer> {
    const headEnd = await this.#waitFor(() => {
      const index = this.#received.indexOf('\r\n\r\n')
      return index < 0 ? undefined : index
    })
    const [statusLine, ...lines] = this.#received.toString('latin1', 0, headEnd).split('\r\n')
    const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(statusLine)?.[1])
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    )
    const length = hasBody ? Number(headers['content-length'] ?? 0) : 0
    const end = headEnd + 4 + length
    await this.#waitFor(() => (this.#received.length >= end ? true : undefined))
    const body = this.#received.subarray(headEnd + 4, end)
    this.#received = this.#received.subarray(end)
    return { status, headers, body }
  }

  /** Resolves when the other side has closed, with what was not read of it. */
  async closed(): Promise<Buffer> {
    while (!this.#ended) await this.#progress()
    return this.#received
  }

  destroy(): void {
    this.#socket.destroy()
  }

  // Not events.once, which rejects at an error: what was received before it counts.
  #progress(): Promise<void> {
    return new Promise((resolve) => this.#socket.once('progress', resolve))
  }

  async #waitFor<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (this.#ended) throw new Error(`closed after ${JSON.stringify(String(this.#received))}`)
      await this.#progress()
    }
  }
}

export interface RawRequest {
  method?: string
  path?: string
  version?: string
  type?: string
  encoding?: string
  headers?: string[]
  body?: Uint8Array | string
  /** Sends the body in chunks of this length instead of announcing its length. */
  chunkLength?: number
}

export const PROTOBUF = 'application/x-protobuf'
export const JSON_TYPE = 'application/json'

/** A request as bytes, a good one unless told otherwise. */
export function rawRequest(request: RawRequest): Buffer {
  const { method = 'POST', path = '/v1/traces', version = '1.1', chunkLength } = request
  const body = Buffer.from(request.body ?? '')
  const headers = [`${method} ${path} HTTP/${version}`, 'Host: localhost']
  if (request.type !== undefined) headers.push(`Content-Type: ${request.type}`)
  if (request.encoding !== undefined) headers.push(`Content-Encoding: ${request.encoding}`)
  headers.push(...(request.headers ?? []))
  if (chunkLength === undefined) headers.push(`Content-Length: ${body.length}`)
  else headers.push('Transfer-Encoding: chunked')
  const head = Buffer.from(`${headers.join('\r\n')}\r\n\r\n`)
  return Buffer.concat([head, chunkLength === undefined ? body : chunked(body, chunkLength)])
}

function chunked(body: Buffer, chunkLength: number): Buffer {
  const parts: Buffer[] = []
  for (let start = 0; start < body.length; start += chunkLength) {
    const chunk = body.subarray(start, start + chunkLength)
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

/** A decoded request in which it makes no difference whether a default was written or left out. */
export function decodeWithDefaults(signal: Signal, bytes: Uint8Array): unknown {
  const type = requestType(signal)
  return type.toObject(type.decode(bytes), { longs: String, defaults: true })
}

export interface StatusContent {
  readonly code: number
  readonly message: string
  /** Of the RetryInfo among the details. */
  readonly retryAfterSeconds?: number
}

/** A `google.rpc.Status`, by its definition and protobufjs, or as JSON. */
export function readStatus({ headers, body }: HttpAnswer): StatusContent {
  if (headers['content-type'] === JSON_TYPE) {
    const status = JSON.parse(body.toString()) as StatusInJson
    const delay = status.details?.[0].retryDelay
    return {
      code: status.code,
      message: status.message,
      ...(delay && { retryAfterSeconds: parseInt(delay) }),
    }
  }
  const { code, message, details } = STATUS.toObject(STATUS.decode(body)) as StatusInProtobuf
  if (!details) return { code, message }
  expect(details.map((any) => any.type_url)).toEqual([RETRY_INFO])
  const info = RETRY_INFO_TYPE.toObject(RETRY_INFO_TYPE.decode(details[0].value), {
    longs: Number,
  }) as { retry_delay: { seconds: number } }
  return { code, message, retryAfterSeconds: info.retry_delay.seconds }
}

interface StatusInJson {
  code: number
  message: string
  details?: { '@type': string; retryDelay: string }[]
}

interface StatusInProtobuf {
  code: number
  message: string
  details?: { type_url: string; value: Uint8Array }[]
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'

const { root } = protobuf.parse(
  `syntax = "proto3"; package google;
   message Any { string type_url = 1; bytes value = 2; }
   message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
   message Duration { int64 seconds = 1; int32 nanos = 2; }
   message RetryInfo { Duration retry_delay = 1; }`,
  { keepCase: true },
)
const STATUS = root.lookupType('google.Status')
const RETRY_INFO_TYPE = root.lookupType('google.RetryInfo')

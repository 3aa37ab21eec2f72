// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import {
  type S3Answer,
  type S3Objects,
  getObject,
  listObjects,
  putObject,
  s3Error,
} from './s3-objects'
import { type Keys, signatureFault } from './signature-v4'

/** What goes wrong with one request. */
export type S3Fault =
  /** It is answered with this status, and nothing is done. */
  | { kind: 'answer'; status: number; code?: string; headers?: Record<string, string> }
  /** It is never answered. */
  | { kind: 'hang' }
  /** The connection breaks before anything is done. */
  | { kind: 'reset' }
  /** It is done, and the connection breaks before the answer. */
  | { kind: 'lose-response' }
  /** The connection breaks, or stays silent, after so many bytes of the answer's body. */
  | { kind: 'cut-body' | 'stall-body'; afterBytes: number }

export interface S3RequestSeen {
  readonly method: string
  readonly bucket: string
  /** Empty for a request about the bucket. */
  readonly key: string
  readonly query: URLSearchParams
  readonly headers: NodeJS.Dict<string | string[]>
}

export interface InProcessS3 extends Keys {
  readonly endpoint: string
  /** Every request that arrived whole, faulty ones included. */
  readonly requests: S3RequestSeen[]
  readonly buckets: Map<string, S3Objects>
  /** Asked for each request. Set by the test. */
  faultFor: (request: S3RequestSeen) => S3Fault | undefined
  openSockets(): number
  /** Connections since the start, closed ones included. */
  acceptedSockets(): number
  close(): Promise<void>
}

/**
 * As much of an S3 server as a store needs, in this process, so that a test can
 * make it fail in the middle: signatures and checksums are checked, writes can be
 * conditional, listings are paged. It has no multipart uploads and no versions.
 */
export async function startInProcessS3(
  keys: Keys = { accessKey: 'test-access', secretKey: 'test-secret' },
): Promise<InProcessS3> {
  const sockets = new Set<Socket>()
  let accepted = 0
  const s3: Omit<InProcessS3, 'endpoint'> = {
    ...keys,
    requests: [],
    buckets: new Map(),
    faultFor: () => undefined,
    openSockets: () => sockets.size,
    acceptedSockets: () => accepted,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  const server = createServer((request, response) => {
    respond(s3, request, response).catch(() => response.destroy())
  })
  server.on('connection', (socket) => {
    accepted += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return Object.assign(s3, { endpoint: `http://127.0.0.1:${port}` })
}

async function respond(
  s3: Omit<InProcessS3, 'endpoint'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await buffer(request)
  const seen = seenOf(request)
  s3.requests.push(seen)
  const fault = s3.faultFor(seen)
  if (fault?.kind === 'hang') return
  if (fault?.kind === 'reset') {
    request.socket.resetAndDestroy()
    return
  }
  if (fault?.kind === 'answer') {
    const answer = s3Error(fault.status, fault.code ?? 'SlowDown')
    send(response, { ...answer, headers: { ...answer.headers, ...fault.headers } }, seen.method)
    return
  }
  const refused = signatureFault(request, body, s3)
  const status = refused === 'XAmzContentSHA256Mismatch' ? 400 : 403
  const answer = refused ? s3Error(status, refused) : answerTo(s3.buckets, seen, body)
  if (fault?.kind === 'lose-response') request.socket.resetAndDestroy()
  else if (fault) await sendPart(response, answer, fault)
  else send(response, answer, seen.method)
}

function answerTo(
  buckets: Map<string, S3Objects>,
  { method, bucket, key, query, headers }: S3RequestSeen,
  body: Buffer,
): S3Answer {
  const objects = buckets.get(bucket)
  if (key === '' && method === 'PUT') {
    if (objects) return s3Error(409, 'BucketAlreadyOwnedByYou')
    buckets.set(bucket, new Map())
    return { status: 200 }
  }
  if (!objects) return s3Error(404, 'NoSuchBucket')
  const range = typeof headers.range === 'string' ? headers.range : undefined
  switch (`${method} ${key === '' ? 'bucket' : 'object'}`) {
    case 'HEAD bucket':
      return { status: 200 }
    case 'GET bucket':
      return listObjects(objects, query)
    case 'DELETE bucket':
      if (objects.size > 0) return s3Error(409, 'BucketNotEmpty')
      buckets.delete(bucket)
      return { status: 204 }
    case 'PUT object':
      return putObject(objects, key, { body, headers })
    case 'GET object':
    case 'HEAD object':
      return getObject(objects, key, range)
    case 'DELETE object':
      objects.delete(key)
      return { status: 204 }
    default:
      return s3Error(405, 'MethodNotAllowed')
  }
}

function seenOf(request: IncomingMessage): S3RequestSeen {
  const [path, query = ''] = (request.url ?? '/').split('?')
  const [bucket, ...key] = path.slice(1).split('/')
  return {
    method: request.method ?? '',
    bucket,
    key: decodeURIComponent(key.join('/')),
    query: new URLSearchParams(query),
    headers: request.headers,
  }
}

function send(response: ServerResponse, { status, headers, body = '' }: S3Answer, method: string) {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(method === 'HEAD' ? undefined : body)
}

async function sendPart(
  response: ServerResponse,
  { status, headers, body = '' }: S3Answer,
  { kind, afterBytes }: { kind: 'cut-body' | 'stall-body'; afterBytes: number },
): Promise<void> {
  const bytes = Buffer.from(body)
  response.writeHead(status, { ...headers, 'content-length': bytes.length })
  await new Promise((resolve) => response.write(bytes.subarray(0, afterBytes), resolve))
  if (kind === 'cut-body') response.destroy()
}

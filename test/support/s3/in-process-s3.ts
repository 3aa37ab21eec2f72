// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import {
  type S3Fault,
  type S3FaultOfAnswer,
  type S3UploadFault,
  receiveBody,
  refuse,
  send,
  sendWith,
} from './s3-fault'
import {
  type S3Answer,
  type S3Objects,
  getObject,
  listObjects,
  putObject,
  s3Error,
} from './s3-objects'
import { type Keys, signatureFault } from './signature-v4'

export type { S3Fault, S3UploadFault } from './s3-fault'

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
  /** Asked for each request that has arrived. Set by the test. */
  faultFor: (request: S3RequestSeen) => S3Fault | undefined
  /** Asked for each request whose body is about to come. Set by the test. */
  uploadFaultFor: (request: S3RequestSeen) => S3UploadFault | undefined
  /** How far the server's clock is ahead of ours, in milliseconds. Set by the test. */
  clockOffsetMillis: number
  openSockets(): number
  /** Connections since the start, closed ones included. */
  acceptedSockets(): number
  /** From now on these keys are known, and no others. */
  trust(keys: Keys): void
  /** Breaks every connection and refuses new ones, as a server that was killed. */
  goDown(): Promise<void>
  /** Listens again where it did, with all that was stored. */
  comeBack(): Promise<void>
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
  let trusted = keys
  const goDown = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  const s3: Omit<InProcessS3, 'endpoint'> = {
    ...keys,
    requests: [],
    buckets: new Map(),
    faultFor: () => undefined,
    uploadFaultFor: () => undefined,
    clockOffsetMillis: 0,
    openSockets: () => sockets.size,
    acceptedSockets: () => accepted,
    trust: (others) => (trusted = others),
    goDown,
    comeBack: async () => {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    close: goDown,
  }
  const server = createServer((request, response) => {
    respond(s3, trusted, request, response).catch(() => response.destroy())
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
  keys: Keys,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const seen = seenOf(request)
  const body = await receiveBody(request, s3.uploadFaultFor(seen))
  if (body === undefined) return
  s3.requests.push(seen)
  const fault = s3.faultFor(seen)
  if (fault && !isOfAnswer(fault)) return refuse(request, response, fault)
  const nowMillis = Date.now() + s3.clockOffsetMillis
  const refused = signatureFault(request, body, keys, nowMillis)
  const status = refused === 'XAmzContentSHA256Mismatch' ? 400 : 403
  const answer = refused ? s3Error(status, refused) : answerTo(s3.buckets, seen, body)
  const headers = { ...answer.headers, date: new Date(nowMillis).toUTCString() }
  const dated = { ...answer, headers }
  if (fault) await sendWith(fault, dated, request, response)
  else send(response, dated, request)
}

function isOfAnswer(fault: S3Fault): fault is S3FaultOfAnswer {
  return fault.kind !== 'answer' && fault.kind !== 'hang' && fault.kind !== 'reset'
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

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { type S3Answer, s3Error } from './s3-objects'

/** What goes wrong with one request once it has arrived. */
export type S3Fault =
  /** It is answered with this status, and nothing is done. */
  | {
      kind: 'answer'
      status: number
      code?: string
      headers?: Record<string, string>
      /** Default true. A proxy, or a server out of breath, sends nothing behind its headers. */
      hasBody?: boolean
    }
  /** It is never answered. */
  | { kind: 'hang' }
  /** It is done and answered, but behind the headers nothing ever comes. */
  | { kind: 'hang-after-headers' }
  /** The connection breaks before anything is done. */
  | { kind: 'reset' }
  /** It is done, and the connection breaks before the answer. */
  | { kind: 'lose-response' }
  /** It is done at once, and answered so much later. */
  | { kind: 'delay'; millis: number }
  /** The connection breaks, or stays silent, after so many bytes of the answer's body. */
  | { kind: 'cut-body' | 'stall-body'; afterBytes: number }
  /** The answer's body comes a few bytes at a time. */
  | { kind: 'drip'; chunkBytes: number; intervalMillis: number }
  /** It is done, and answered under an etag that is not the object's. */
  | { kind: 'wrong-etag' }

/** What goes wrong with one request while its body is on its way. */
export type S3UploadFault =
  /** The connection breaks, or the server takes nothing more, after so many bytes. */
  | { kind: 'reset-upload' | 'stall-upload'; afterBytes: number }
  /** The server takes a piece of what has arrived now and then. */
  | { kind: 'slow-upload'; intervalMillis: number }

/** Faults in which a request is done before anything goes wrong. */
export type S3FaultOfAnswer = Exclude<S3Fault, { kind: 'answer' | 'hang' | 'reset' }>

/** The body of a request, or `undefined` when the fault keeps it from arriving. */
export async function receiveBody(
  request: IncomingMessage,
  fault: S3UploadFault | undefined,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request) {
    chunks.push(chunk as Buffer)
    sizeBytes += (chunk as Buffer).length
    if (fault === undefined) continue
    if (fault.kind === 'slow-upload') {
      // Of no use to anybody who has gone: the loop then ends with the request.
      await wait(fault.intervalMillis, undefined, { ref: false })
    } else if (sizeBytes >= fault.afterBytes) {
      if (fault.kind === 'reset-upload') request.socket.resetAndDestroy()
      else await new Promise((resolve) => request.once('close', resolve))
      return undefined
    }
  }
  return Buffer.concat(chunks)
}

/** Answers in place of doing anything. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  fault: Exclude<S3Fault, S3FaultOfAnswer>,
): void {
  if (fault.kind === 'hang') return
  if (fault.kind === 'reset') {
    request.socket.resetAndDestroy()
    return
  }
  const { status, headers, body } = s3Error(fault.status, fault.code ?? 'SlowDown')
  const all = { ...headers, ...fault.headers }
  if (fault.hasBody ?? true) send(response, { status, headers: all, body }, request)
  else send(response, { status, headers: fault.headers }, request)
}

/** Sends the answer to what was done, as far as the fault lets it through. */
export async function sendWith(
  fault: S3FaultOfAnswer,
  answer: S3Answer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, headers, body = '' } = answer
  const bytes = Buffer.from(body)
  switch (fault.kind) {
    case 'lose-response':
      request.socket.resetAndDestroy()
      return
    case 'delay':
      await wait(fault.millis, undefined, { ref: false })
      return send(response, answer, request)
    case 'wrong-etag':
      return send(response, { ...answer, headers: { ...headers, etag: '"0"' } }, request)
    case 'hang-after-headers':
      response.writeHead(status, { ...headers, 'content-length': bytes.length + 1 }).flushHeaders()
      return
    case 'drip':
      response.writeHead(status, { ...headers, 'content-length': bytes.length })
      for (let at = 0; at < bytes.length && !response.destroyed; at += fault.chunkBytes) {
        response.write(bytes.subarray(at, at + fault.chunkBytes))
        await wait(fault.intervalMillis, undefined, { ref: false })
      }
      response.end()
      return
    case 'cut-body':
    case 'stall-body':
      response.writeHead(status, { ...headers, 'content-length': bytes.length })
      await new Promise((resolve) => response.write(bytes.subarray(0, fault.afterBytes), resolve))
      if (fault.kind === 'cut-body') response.destroy()
  }
}

export function send(
  response: ServerResponse,
  { status, headers, body = '' }: S3Answer,
  { method }: IncomingMessage,
): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(method === 'HEAD' ? undefined : body)
}

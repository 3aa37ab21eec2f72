// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { IncomingMessage } from 'node:http'
import { noRoom, tooLarge } from './http-refusal'
import type { Reservation } from './http-reservation'

/** The sender went away before its request was complete: there is nobody to answer. */
export class SenderGoneError extends Error {
  override readonly name = 'SenderGoneError'
}

/** Length of the body as its sender announced it; undefined if it comes in chunks. */
export function announcedBytes({ headers }: IncomingMessage): number | undefined {
  if (headers['transfer-encoding'] !== undefined) return undefined
  return Number(headers['content-length'] ?? 0)
}

/**
 * Reads a request's body into memory that is set aside for it, before it comes if its length
 * was announced; `onWanted` is called before it is. When it rejects with an `HttpRefusal`, the rest of the body is still to come.
 */
export function readBody(
  incoming: IncomingMessage,
  maxBytes: number,
  reservation: Reservation,
  onWanted: () => void,
): Promise<Buffer> {
  const announced = announcedBytes(incoming)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const settle = () => incoming.off('data', onData).off('end', onEnd).off('close', onClose)
    const refuse = (refusal: Error) => {
      settle()
      reject(refusal)
    }
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) refuse(tooLarge(maxBytes, 'a body'))
      else if (announced === undefined && !reservation.grow(chunk.length)) refuse(noRoom())
      else chunks.push(chunk)
    }
    const onEnd = () => {
      settle()
      resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))
    }
    // A connection that breaks is closed without an end.
    const onClose = () => refuse(new SenderGoneError('the sender went away'))

    if (incoming.destroyed) return onClose()
    if (announced !== undefined && announced > maxBytes) return refuse(tooLarge(maxBytes, 'a body'))
    if (announced !== undefined && !reservation.grow(announced)) return refuse(noRoom())
    onWanted()
    incoming.on('data', onData).on('end', onEnd).on('close', onClose)
  })
}

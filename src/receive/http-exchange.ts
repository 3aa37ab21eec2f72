// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { HttpAnswer } from './http-answer'
import { announcedBytes, readBody } from './http-body'
import type { Reservation } from './http-reservation'

/** So much of a body is discarded rather than the connection given up. */
const MAX_DISCARDED_BYTES = 4 * 1024 * 1024

/**
 * A request and the answer to it, where HTTP itself is concerned: a body that is refused unread
 * still comes, and if it stayed in the socket, its bytes would be taken for the next request; if
 * the socket were closed on it, the sender would get a reset instead of the answer.
 */
export class HttpExchange {
  readonly #incoming: IncomingMessage
  readonly #outgoing: ServerResponse
  readonly #lingerMillis: number
  #awaitsContinue: boolean

  /** @param lingerMillis how long a sender may go on with a body that is too large to be discarded */
  constructor(incoming: IncomingMessage, outgoing: ServerResponse, lingerMillis: number) {
    this.#incoming = incoming
    this.#outgoing = outgoing
    this.#lingerMillis = lingerMillis
    this.#awaitsContinue = incoming.headers.expect !== undefined
  }

  get headers(): IncomingHttpHeaders {
    return this.#incoming.headers
  }

  /** @throws HttpRefusal when it is too large or there is no room, SenderGoneError */
  readBody(maxBytes: number, reservation: Reservation): Promise<Buffer> {
    return readBody(this.#incoming, maxBytes, reservation, () => this.#continue())
  }

  /** Sends the answer, and sees to what of the request is unread. */
  async send(answer: HttpAnswer): Promise<void> {
    if (!this.#isUnread()) return this.#end(answer)
    if ((announcedBytes(this.#incoming) ?? 0) > MAX_DISCARDED_BYTES) {
      return this.#answerAndClose(answer)
    }
    this.#discard()
    this.#end(answer)
  }

  #isUnread(): boolean {
    const { destroyed, complete } = this.#incoming
    // Without the `100 Continue` no body comes, and Node closes the connection by itself.
    return !destroyed && !complete && !this.#awaitsContinue
  }

  #end({ status, headers, body }: HttpAnswer): void {
    const outgoing = this.#outgoing.writeHead(status, headers)
    if (body.length > 0) outgoing.end(body)
    else outgoing.end()
  }

  #continue(): void {
    if (!this.#awaitsContinue) return
    this.#awaitsContinue = false
    this.#outgoing.writeContinue()
  }

  // A body in chunks may be endless.
  #discard(): void {
    const incoming = this.#incoming
    let bytes = 0
    const onData = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= MAX_DISCARDED_BYTES) return
      incoming.off('data', onData)
      incoming.socket.destroySoon()
    }
    incoming.on('data', onData)
  }

  async #answerAndClose({ status, headers, body }: HttpAnswer): Promise<void> {
    const outgoing = this.#outgoing
    outgoing.writeHead(status, { ...headers, connection: 'close' })
    // The sender has all of the answer now; `end` also closes the connection.
    outgoing.write(body)
    await this.#discardFor(this.#lingerMillis)
    outgoing.end()
  }

  #discardFor(millis: number): Promise<void> {
    const incoming = this.#incoming
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer)
        incoming.off('end', finish).off('close', finish)
        resolve()
      }
      const timer = setTimeout(finish, millis)
      incoming.on('end', finish).on('close', finish).resume()
    })
  }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { IncomingMessage } from 'node:http'
import { S3ShortBodyError } from './s3-error'

/** The body of one answer, pulled chunk by chunk, that never ends early without an error. */
export class S3Body {
  readonly #response: IncomingMessage
  readonly #chunks: AsyncIterator<Buffer>
  #missingBytes: number

  constructor(
    response: IncomingMessage,
    readonly etag: string,
    lengthBytes: number,
  ) {
    this.#response = response
    this.#chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    this.#missingBytes = lengthBytes
  }

  /** `undefined` at the end. */
  async next(): Promise<Buffer | undefined> {
    const result = await this.#chunks.next()
    if (!result.done) {
      this.#missingBytes -= result.value.length
      return result.value
    }
    if (this.#missingBytes === 0) return undefined
    throw new S3ShortBodyError(`the body ended ${this.#missingBytes} bytes early`)
  }

  /** From here on, a silent socket is no fault: it may be our reader who takes its time. */
  stopIdleTimeout(): void {
    // Complete, it has given its socket back.
    if (!this.#response.complete) this.#response.setTimeout(0)
  }

  destroy(): void {
    this.#response.destroy()
  }
}

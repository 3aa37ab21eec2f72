// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { IncomingMessage } from 'node:http'

/** An error's XML is a few hundred bytes; what a proxy sends in its place may be anything. */
const MAX_BODY_BYTES = 64 * 1024

/** In place of a code: a page of a proxy, or of another server at that address. */
const FOREIGN_ANSWER = 'not an answer of S3'

/** An S3 server answered, and not with success. */
export class S3ResponseError extends Error {
  override readonly name = 'S3ResponseError'

  constructor(
    readonly status: number,
    /** S3's own, such as `NoSuchKey`; empty if there was no body to hold one, as on HEAD. */
    readonly code: string,
    message: string,
    /** What the server asked us to wait, in milliseconds. */
    readonly retryAfterMillis?: number,
  ) {
    super(message)
  }
}

/** Reads an answer to its end, so that its socket serves again, and says what it means. */
export async function readResponseError(response: IncomingMessage): Promise<S3ResponseError> {
  const status = response.statusCode ?? 0
  const text = await readText(response)
  const headerCode = response.headers['x-minio-error-code']
  const codeInHeader = typeof headerCode === 'string' ? headerCode : undefined
  const code = elementOf(text, 'Code') ?? codeInHeader ?? (text === '' ? '' : FOREIGN_ANSWER)
  const explanation = elementOf(text, 'Message') ?? response.statusMessage ?? ''
  const message = `${status} ${code ? `${code}: ` : ''}${explanation}`
  return new S3ResponseError(status, code, message, retryAfterMillis(response))
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer)
      sizeBytes += (chunk as Buffer).length
      // Leaving the loop destroys the response and its socket.
      if (sizeBytes > MAX_BODY_BYTES) break
    }
  } catch {
    // The status says enough.
  }
  return Buffer.concat(chunks).toString('utf8')
}

function elementOf(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
}

function retryAfterMillis(response: IncomingMessage): number | undefined {
  const header = response.headers['retry-after']
  if (header === undefined) return undefined
  const millis = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(millis) ? Math.max(0, millis) : undefined
}

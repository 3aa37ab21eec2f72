// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import { WireType } from '../otlp/wire-reader'
import { isField, visitFields } from './message-fields'
import { oneLine } from './one-line'

/** An answer's body, and what it is written in. */
export interface OtlpResponse {
  readonly contentType: string
  readonly body: Uint8Array
}

/** What a 2xx answer says of items that were not accepted. */
export interface PartialSuccess {
  readonly rejectedItems: number
  readonly message: string
}

/**
 * The partial success in a 2xx answer with a body; nothing rejected if it tells of none.
 *
 * @throws MalformedOtlpError when the answer is none that an OTLP endpoint
 *   gives: whoever answered, a web server say, did not take the batch
 */
export function readPartialSuccess(response: OtlpResponse): PartialSuccess {
  switch (mediaTypeOf(response)) {
    case 'application/x-protobuf':
    case 'application/protobuf':
      return fromProtobuf(response.body)
    case 'application/json':
      return fromJson(response.body)
    default:
      throw new MalformedOtlpError(`an answer of type '${mediaTypeOf(response)}' is none of OTLP's`)
  }
}

/** What an answer says went wrong, in a line; empty if it says nothing. */
export function readErrorMessage(response: OtlpResponse): string {
  try {
    switch (mediaTypeOf(response)) {
      case 'application/x-protobuf':
      case 'application/protobuf':
        return oneLine(stringField(response.body, STATUS_MESSAGE))
      case 'application/json':
        return oneLine(asObject(parseJson(response.body)).message)
      case 'text/html':
        return 'a web page'
      default:
        return oneLine(Buffer.from(response.body).toString('utf8'))
    }
  } catch (error) {
    // An error that can't be read must not hide that there was one.
    if (error instanceof MalformedOtlpError) return ''
    throw error
  }
}

/** `google.rpc.Status.message`, and by chance `Export…PartialSuccess.error_message` too. */
const STATUS_MESSAGE = 2

function mediaTypeOf({ contentType }: OtlpResponse): string {
  return contentType.split(';', 1)[0].trim().toLowerCase()
}

function fromProtobuf(body: Uint8Array): PartialSuccess {
  let rejectedItems = 0
  let message = ''
  visitFields(body, (reader) => {
    if (!isField(reader, 1, WireType.LENGTH)) return false
    visitFields(reader.view(), (partial) => {
      if (isField(partial, 1, WireType.VARINT)) {
        rejectedItems = Number(BigInt.asIntN(64, partial.varint64()))
      } else if (isField(partial, 2, WireType.LENGTH)) {
        message = oneLine(Buffer.from(partial.view()).toString('utf8'))
      } else {
        return false
      }
      return true
    })
    return true
  })
  return { rejectedItems: Math.max(0, rejectedItems), message }
}

function fromJson(body: Uint8Array): PartialSuccess {
  const response = asObject(parseJson(body))
  const partial = asObject(response.partialSuccess ?? response.partial_success ?? {})
  const count = Object.entries(partial).find(([name]) => name.startsWith('rejected'))?.[1]
  // Anything else may have a toString of its own, or nest too deep for its class's.
  const rejectedItems = typeof count === 'string' || typeof count === 'number' ? Number(count) : 0
  return {
    rejectedItems: rejectedItems > 0 ? Math.floor(rejectedItems) : 0,
    message: oneLine(partial.errorMessage ?? partial.error_message),
  }
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'))
  } catch (error) {
    throw new MalformedOtlpError('the answer is no JSON', undefined, { cause: error })
  }
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  throw new MalformedOtlpError('the answer is JSON, but no object')
}

function stringField(body: Uint8Array, field: number): string {
  let text = ''
  visitFields(body, (reader) => {
    if (!isField(reader, field, WireType.LENGTH)) return false
    text = Buffer.from(reader.view()).toString('utf8')
    return true
  })
  return text
}

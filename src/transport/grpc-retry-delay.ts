// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MalformedOtlpError } from '../otlp/malformed-otlp-error'
import { WireType } from '../otlp/wire-reader'
import { isField, visitFields } from './message-fields'

const STATUS_DETAILS = 3
const ANY_TYPE_URL = 1
const ANY_VALUE = 2
const RETRY_INFO_DELAY = 1
const DURATION_SECONDS = 1
const DURATION_NANOS = 2

/**
 * How long a `google.rpc.RetryInfo` in a `google.rpc.Status` asks to wait, in milliseconds;
 * `undefined` if there is none. Bytes that are no status hold none: what can't be read
 * must not hide the status that it came with.
 */
export function grpcRetryDelay(statusDetails: Uint8Array): number | undefined {
  try {
    return delayInStatus(statusDetails)
  } catch (error) {
    if (error instanceof MalformedOtlpError) return undefined
    throw error
  }
}

function delayInStatus(status: Uint8Array): number | undefined {
  let delayMillis: number | undefined
  visitFields(status, (reader) => {
    if (!isField(reader, STATUS_DETAILS, WireType.LENGTH)) return false
    const retryInfo = retryInfoIn(reader.view())
    if (retryInfo) delayMillis = delayInRetryInfo(retryInfo)
    return true
  })
  return delayMillis
}

function retryInfoIn(any: Uint8Array): Uint8Array | undefined {
  let typeUrl = ''
  let value = new Uint8Array()
  visitFields(any, (reader) => {
    if (isField(reader, ANY_TYPE_URL, WireType.LENGTH)) {
      typeUrl = Buffer.from(reader.view()).toString('utf8')
    } else if (isField(reader, ANY_VALUE, WireType.LENGTH)) {
      value = new Uint8Array(reader.view())
    } else {
      return false
    }
    return true
  })
  return typeUrl.endsWith('/google.rpc.RetryInfo') ? value : undefined
}

/** A RetryInfo without a delay asks for none, and still says that another attempt may succeed. */
function delayInRetryInfo(retryInfo: Uint8Array): number {
  let seconds = 0
  let nanos = 0
  visitFields(retryInfo, (reader) => {
    if (!isField(reader, RETRY_INFO_DELAY, WireType.LENGTH)) return false
    visitFields(reader.view(), (duration) => {
      if (isField(duration, DURATION_SECONDS, WireType.VARINT)) {
        seconds = Number(BigInt.asIntN(64, duration.varint64()))
      } else if (isField(duration, DURATION_NANOS, WireType.VARINT)) {
        nanos = Number(BigInt.asIntN(64, duration.varint64()))
      } else {
        return false
      }
      return true
    })
    return true
  })
  return Math.max(0, seconds * 1000 + nanos / 1e6)
}

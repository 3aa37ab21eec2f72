// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { gzipSync } from 'node:zlib'
import { requestToJson } from '../../src/otlp/protobuf-to-json'
import type { Signal } from '../../src/otlp/signal'
import type { ObjectStore } from '../../src/storage/object-store'
import { makeBatch } from '../support/recording'

/** 2026-03-04T05:06:00Z, which no store's clock is near. */
export const PARTITION_MILLIS = Date.UTC(2026, 2, 4, 5, 6)

export const PARTITION_FORMATS = {
  default: 'year=%Y/month=%m/day=%d/hour=%H/minute=%M',
  ours: '%Y-%m-%d/%H',
  custom: '%Y/%m/%d/%H%M',
} as const

export interface CollectorObject {
  signal: Signal
  names: readonly string[]
  /** When the Collector uploads it. Default: when the items were made. */
  uploadedAtMillis?: number
  /** Of its items. Default: `PARTITION_MILLIS`. */
  atMillis?: number
  /** `s3_base_prefix` and `s3_prefix`. Default `p`; empty for none. */
  prefix?: string
  partitionFormat?: string
  marshaler?: 'otlp_proto' | 'otlp_json'
  compression?: 'gzip' | 'none'
  filePrefix?: string
  /** In place of what the exporter would put there. */
  content?: Uint8Array
  suffix?: string
}

let objects = 0

/** Puts an object under the key that the Collector's exporter would choose. Returns that key. */
export async function putCollectorObject(
  store: ObjectStore,
  object: CollectorObject,
): Promise<string> {
  const { signal, atMillis = PARTITION_MILLIS, uploadedAtMillis = atMillis } = object
  const { prefix = 'p', partitionFormat = PARTITION_FORMATS.default, filePrefix = '' } = object
  const { marshaler = 'otlp_proto', compression = 'none' } = object
  const format = marshaler === 'otlp_json' ? '.json' : '.binpb'
  const suffix = object.suffix ?? format + (compression === 'gzip' ? '.gz' : '')
  // The exporter's numbers are random: names don't sort by time.
  const number = String((++objects * 7_919_791) % 1_000_000_000).padStart(9, '0')
  const key = [
    ...(prefix === '' ? [] : [prefix]),
    strftime(partitionFormat, uploadedAtMillis),
    `${filePrefix}${signal}_${number}${suffix}`,
  ].join('/')
  await store.put(key, object.content ?? contentOf(object, atMillis))
  return key
}

function contentOf(object: CollectorObject, atMillis: number): Uint8Array {
  const { signal, names, marshaler, compression } = object
  const { body } = makeBatch(signal, { names: [...names], atMillis })
  const request =
    marshaler === 'otlp_json' ? Buffer.from(JSON.stringify(requestToJson(body, signal))) : body
  return compression === 'gzip' ? gzipSync(request) : request
}

function strftime(format: string, millis: number): string {
  const [year, month, day, hour, minute] = new Date(millis).toISOString().split(/[-:T]/)
  const parts: Record<string, string> = { Y: year, m: month, d: day, H: hour, M: minute }
  return format.replace(/%([YmdHM])/g, (_, letter: string) => parts[letter])
}

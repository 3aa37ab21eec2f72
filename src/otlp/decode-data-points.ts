// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { HrTime } from '@opentelemetry/api'
import { type Draft, type OtlpReader, readAttribute } from './decode-common'
import { fieldTag, packedFieldTag } from './field-tag'
import {
  Buckets,
  ExponentialHistogramDataPoint,
  HistogramDataPoint,
  NumberDataPoint,
  type MessageShape,
} from './schema'
import type { DataPoint, ExponentialHistogram, Histogram } from './sdk-types'

const NO_RECORDED_VALUE = 0x01

/** A data point, and what the SDK's data point has no place for. */
export interface DecodedDataPoint<Value> {
  readonly point: DataPoint<Value>
  /** False for a point that says a series has gone: it has no value at all. */
  readonly hasValue: boolean
  /** An integer, which the SDK notes at the metric instead of the point. */
  readonly isInt: boolean
  /** False if exemplars, a zero threshold or the last bits of an integer were left behind. */
  readonly isExact: boolean
}

const NUMBER = {
  ...commonTags(NumberDataPoint),
  AS_DOUBLE: fieldTag(NumberDataPoint, 'asDouble'),
  AS_INT: fieldTag(NumberDataPoint, 'asInt'),
}

export function readNumberPoint(reader: OtlpReader): DecodedDataPoint<number> {
  const outerEnd = reader.enter()
  const draft = new DataPointDraft(0)
  draft.hasValue = false
  while (reader.next()) {
    if (reader.tag === NUMBER.AS_DOUBLE) {
      draft.setNumber(reader.double(), false)
    } else if (reader.tag === NUMBER.AS_INT) {
      const exact = reader.sfixed64()
      draft.setNumber(Number(exact), true)
      if (BigInt(draft.point.value) !== exact) draft.isExact = false
    } else {
      draft.readCommonField(reader, NUMBER)
    }
  }
  reader.leave(outerEnd)
  return draft.finish()
}

const HISTOGRAM = {
  ...commonTags(HistogramDataPoint),
  COUNT: fieldTag(HistogramDataPoint, 'count'),
  SUM: fieldTag(HistogramDataPoint, 'sum'),
  BUCKET_COUNTS: packedFieldTag(HistogramDataPoint, 'bucketCounts'),
  ONE_BUCKET_COUNT: fieldTag(HistogramDataPoint, 'bucketCounts'),
  EXPLICIT_BOUNDS: packedFieldTag(HistogramDataPoint, 'explicitBounds'),
  ONE_EXPLICIT_BOUND: fieldTag(HistogramDataPoint, 'explicitBounds'),
  MIN: fieldTag(HistogramDataPoint, 'min'),
  MAX: fieldTag(HistogramDataPoint, 'max'),
}

export function readHistogramPoint(reader: OtlpReader): DecodedDataPoint<Histogram> {
  const outerEnd = reader.enter()
  const value: Histogram = { buckets: { boundaries: [], counts: [] }, count: 0 }
  const draft = new DataPointDraft(value)
  while (reader.next()) readHistogramField(reader, draft, value)
  reader.leave(outerEnd)
  return draft.finish()
}

function readHistogramField(
  reader: OtlpReader,
  draft: DataPointDraft<Histogram>,
  value: Histogram,
): void {
  switch (reader.tag) {
    case HISTOGRAM.COUNT:
      value.count = reader.fixed64()
      return
    case HISTOGRAM.SUM:
      value.sum = reader.double()
      return
    case HISTOGRAM.BUCKET_COUNTS:
      readPacked(reader, value.buckets.counts, readFixed64)
      return
    case HISTOGRAM.ONE_BUCKET_COUNT:
      value.buckets.counts.push(reader.fixed64())
      return
    case HISTOGRAM.EXPLICIT_BOUNDS:
      readPacked(reader, value.buckets.boundaries, readDouble)
      return
    case HISTOGRAM.ONE_EXPLICIT_BOUND:
      value.buckets.boundaries.push(reader.double())
      return
    case HISTOGRAM.MIN:
      value.min = reader.double()
      return
    case HISTOGRAM.MAX:
      value.max = reader.double()
      return
    default:
      draft.readCommonField(reader, HISTOGRAM)
  }
}

const EXPONENTIAL = {
  ...commonTags(ExponentialHistogramDataPoint),
  COUNT: fieldTag(ExponentialHistogramDataPoint, 'count'),
  SUM: fieldTag(ExponentialHistogramDataPoint, 'sum'),
  SCALE: fieldTag(ExponentialHistogramDataPoint, 'scale'),
  ZERO_COUNT: fieldTag(ExponentialHistogramDataPoint, 'zeroCount'),
  POSITIVE: fieldTag(ExponentialHistogramDataPoint, 'positive'),
  NEGATIVE: fieldTag(ExponentialHistogramDataPoint, 'negative'),
  MIN: fieldTag(ExponentialHistogramDataPoint, 'min'),
  MAX: fieldTag(ExponentialHistogramDataPoint, 'max'),
  ZERO_THRESHOLD: fieldTag(ExponentialHistogramDataPoint, 'zeroThreshold'),
}

export function readExponentialPoint(reader: OtlpReader): DecodedDataPoint<ExponentialHistogram> {
  const outerEnd = reader.enter()
  const value: ExponentialHistogram = {
    count: 0,
    scale: 0,
    zeroCount: 0,
    positive: { offset: 0, bucketCounts: [] },
    negative: { offset: 0, bucketCounts: [] },
  }
  const draft = new DataPointDraft(value)
  while (reader.next()) readExponentialField(reader, draft, value)
  reader.leave(outerEnd)
  return draft.finish()
}

function readExponentialField(
  reader: OtlpReader,
  draft: DataPointDraft<ExponentialHistogram>,
  value: ExponentialHistogram,
): void {
  switch (reader.tag) {
    case EXPONENTIAL.COUNT:
      value.count = reader.fixed64()
      return
    case EXPONENTIAL.SUM:
      value.sum = reader.double()
      return
    case EXPONENTIAL.SCALE:
      value.scale = reader.sint32()
      return
    case EXPONENTIAL.ZERO_COUNT:
      value.zeroCount = reader.fixed64()
      return
    case EXPONENTIAL.POSITIVE:
      readBuckets(reader, value.positive)
      return
    case EXPONENTIAL.NEGATIVE:
      readBuckets(reader, value.negative)
      return
    case EXPONENTIAL.MIN:
      value.min = reader.double()
      return
    case EXPONENTIAL.MAX:
      value.max = reader.double()
      return
    case EXPONENTIAL.ZERO_THRESHOLD:
      if (reader.double() !== 0) draft.isExact = false
      return
    default:
      draft.readCommonField(reader, EXPONENTIAL)
  }
}

const BUCKETS_OFFSET = fieldTag(Buckets, 'offset')
const BUCKETS_COUNTS = packedFieldTag(Buckets, 'bucketCounts')
const BUCKETS_ONE_COUNT = fieldTag(Buckets, 'bucketCounts')

function readBuckets(reader: OtlpReader, buckets: ExponentialHistogram['positive']): void {
  const outerEnd = reader.enter()
  while (reader.next()) {
    if (reader.tag === BUCKETS_OFFSET) buckets.offset = reader.sint32()
    else if (reader.tag === BUCKETS_COUNTS) readPacked(reader, buckets.bucketCounts, readUint64)
    else if (reader.tag === BUCKETS_ONE_COUNT) buckets.bucketCounts.push(reader.uint64())
    else reader.skip()
  }
  reader.leave(outerEnd)
}

function readPacked(
  reader: OtlpReader,
  values: number[],
  readOne: (reader: OtlpReader) => number,
): void {
  const outerEnd = reader.enter()
  while (reader.position < reader.end) values.push(readOne(reader))
  reader.leave(outerEnd)
}

const readDouble = (reader: OtlpReader): number => reader.double()
const readFixed64 = (reader: OtlpReader): number => reader.fixed64()
const readUint64 = (reader: OtlpReader): number => reader.uint64()

/** What all kinds of data points have, under numbers of their own. */
interface CommonTags {
  readonly START_TIME: number
  readonly TIME: number
  readonly ATTRIBUTES: number
  readonly EXEMPLARS: number
  readonly FLAGS: number
}

function commonTags(dataPoint: MessageShape): CommonTags {
  return {
    START_TIME: fieldTag(dataPoint, 'startTimeUnixNano'),
    TIME: fieldTag(dataPoint, 'timeUnixNano'),
    ATTRIBUTES: fieldTag(dataPoint, 'attributes'),
    EXEMPLARS: fieldTag(dataPoint, 'exemplars'),
    FLAGS: fieldTag(dataPoint, 'flags'),
  }
}

class DataPointDraft<Value> {
  readonly point: Draft<DataPoint<Value>>
  hasValue = true
  isInt = false
  isExact = true
  #flags = 0

  constructor(value: Value) {
    const unset: HrTime = [0, 0]
    this.point = { startTime: unset, endTime: unset, attributes: {}, value }
  }

  setNumber(this: DataPointDraft<number>, value: number, isInt: boolean): void {
    this.point.value = value
    this.isInt = isInt
    this.hasValue = true
  }

  readCommonField(reader: OtlpReader, tags: CommonTags): void {
    switch (reader.tag) {
      case tags.START_TIME:
        this.point.startTime = reader.hrTime()
        return
      case tags.TIME:
        this.point.endTime = reader.hrTime()
        return
      case tags.ATTRIBUTES:
        readAttribute(reader, this.point.attributes)
        return
      case tags.FLAGS:
        this.#flags = reader.uint32()
        return
      case tags.EXEMPLARS:
        this.isExact = false
        reader.skip()
        return
      default:
        reader.skip()
    }
  }

  finish(): DecodedDataPoint<Value> {
    if ((this.#flags & NO_RECORDED_VALUE) !== 0) this.hasValue = false
    return this
  }
}

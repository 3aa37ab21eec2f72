// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { ensureTimeGrowsWithLength, millisFor } from './support/growth'
import { prepare, targets } from './targets'

// The short form of the test of the same name in test/long.
const LONG_BYTES = 12 * 1024

beforeAll(prepare)

test.each(targets)('$name', async (target) => {
  await ensureTimeGrowsWithLength(target, LONG_BYTES)
})

describe('what nests 100,000 deep', () => {
  const DEPTH = 100_000

  /** A value in an array in a value in an array …, as protobuf and within a log record. */
  function nestedProtobuf(tags: readonly number[]): Buffer {
    const pieces: Buffer[] = []
    let length = 0
    const wrap = (tag: number): void => {
      const varint: number[] = []
      let rest = length
      for (; rest > 0x7f; rest >>>= 7) varint.push((rest & 0x7f) | 0x80)
      pieces.push(Buffer.from([tag, ...varint, rest]))
      length += 2 + varint.length
    }
    for (let level = 0; level < DEPTH; level++) wrap(tags[level % tags.length])
    // LogRecord.body, log_records, scope_logs, resource_logs
    for (const tag of [0x2a, 0x12, 0x12, 0x0a]) wrap(tag)
    return Buffer.concat(pieces.reverse())
  }

  const withTime = Buffer.from('0a0f120d120b090100000000000000', 'hex')
  const protobuf = [
    nestedProtobuf([0x0a, 0x2a]),
    nestedProtobuf([0x12, 0x0a, 0x32]),
    nestedProtobuf([0x0a]),
    nestedProtobuf([0x12]),
  ].map((body) => Buffer.concat([withTime, body]))
  const nestedJson = (opening: string, closing: string) =>
    `${opening.repeat(DEPTH)}1${closing.repeat(DEPTH)}`
  const value = nestedJson('{"arrayValue":{"values":[', ']}}')
  const json = [
    `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${value}}]}]}]}`,
    `{"partialSuccess":{"rejectedSpans":${nestedJson('[', ']')}},"signals":${nestedJson('{"a":', '}')}}`,
  ].map((text) => Buffer.from(text))
  const nested = targets.filter(({ shape }) => shape === 'protobuf' || shape === 'json')

  test.each(nested)('does not exhaust the stack: $name', async (target) => {
    for (const input of target.shape === 'json' ? json : protobuf) {
      expect(await millisFor(target, Buffer.from(input))).toBeLessThan(5_000)
    }
  })
})

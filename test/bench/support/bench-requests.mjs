// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'
import { makeSpans } from './bench-spans.mjs'

const require = createRequire(import.meta.url)

// By these bytes a span is found again without decoding anything.
const MARK = Buffer.from('a7f30c5e91d2486b', 'hex')

const TRACE_ID_BYTES = 16

/** One protobuf request of as many spans, each of about 480 bytes. */
function makeRequest(spans) {
  const { ProtobufTraceSerializer } = require('@opentelemetry/otlp-transformer')
  const { resourceFromAttributes } = require('@opentelemetry/resources')
  const {
    InMemorySpanExporter,
    SimpleSpanProcessor,
    TracerProvider,
  } = require('@opentelemetry/sdk-trace')
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'bench' }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    idGenerator: {
      generateTraceId: () => Buffer.concat([MARK, randomBytes(8)]).toString('hex'),
      generateSpanId: () => randomBytes(8).toString('hex'),
    },
  })
  makeSpans(provider.getTracer('bench'), spans)
  return Buffer.from(ProtobufTraceSerializer.serializeRequest(exporter.getFinishedSpans()))
}

/**
 * Makes requests alike but for their spans' ids, which are new in each: what compresses
 * well within a request must not compress to nothing in the next.
 */
export function requestMaker(spans) {
  const template = makeRequest(spans)
  const marks = positionsOf(MARK, template)
  return () => {
    const request = Buffer.from(template)
    const random = randomBytes(marks.length * 16)
    marks.forEach((mark, index) => {
      random.copy(request, mark + MARK.length, index * 16, index * 16 + 8)
      // Behind the trace id, and the tag and the length of the span id.
      random.copy(request, mark + TRACE_ID_BYTES + 2, index * 16 + 8, index * 16 + 16)
    })
    return request
  }
}

/** How many spans of such requests a stored object holds, compressed or not. */
export function countSpans(object) {
  const isCompressed = object[0] === 0x1f && object[1] === 0x8b
  return positionsOf(MARK, isCompressed ? gunzipSync(object) : object).length
}

function positionsOf(mark, bytes) {
  const positions = []
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) {
    positions.push(at)
  }
  return positions
}

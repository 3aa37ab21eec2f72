// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import protobuf from 'protobufjs'

const require = createRequire(import.meta.url)

/** Moves the times of spans and events in a request of JSON, the plain way. */
export function shiftJson(json, offsetNanos) {
  const request = JSON.parse(json)
  moveTimes(request, (time) => String(BigInt(time) + offsetNanos))
  return JSON.stringify(request)
}

/** Moves them in a request of protobuf, by protobufjs: decode, change, encode. */
export function protobufShifter() {
  const requestType = loadRequestType()
  return (bytes, offsetNanos) => {
    const request = requestType.decode(bytes)
    const offset = protobuf.util.Long.fromString(String(offsetNanos))
    moveTimes(request, (time) => time.add(offset))
    return requestType.encode(request).finish()
  }
}

/** A protobuf request as the JSON that says the same. */
export function jsonOf(bytes) {
  const requestType = loadRequestType()
  const request = requestType.decode(bytes)
  return JSON.stringify(requestType.toObject(request, { longs: String, bytes: String }))
}

function moveTimes({ resourceSpans }, move) {
  for (const { scopeSpans } of resourceSpans) {
    for (const { spans } of scopeSpans) {
      for (const span of spans) {
        span.startTimeUnixNano = move(span.startTimeUnixNano)
        span.endTimeUnixNano = move(span.endTimeUnixNano)
        for (const event of span.events ?? []) event.timeUnixNano = move(event.timeUnixNano)
      }
    }
  }
}

function loadRequestType() {
  const protoRoot = dirname(require.resolve('@elastic/mockotlpserver/package.json'))
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) => join(protoRoot, target)
  root.loadSync('opentelemetry/proto/collector/trace/v1/trace_service.proto')
  return root.lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest')
}

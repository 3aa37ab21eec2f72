// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { dirname, join } from 'node:path'
import protobuf from 'protobufjs'
import type { Signal } from '../../src/otlp/signal'

// An oracle that shares no line with the library: protobufjs over the .proto
// files that Elastic's mock OTLP server carries.

const PROTO_ROOT = dirname(require.resolve('@elastic/mockotlpserver/package.json'))

const SERVICES: Readonly<Record<Signal, { file: string; request: string }>> = {
  traces: {
    file: 'opentelemetry/proto/collector/trace/v1/trace_service.proto',
    request: 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest',
  },
  metrics: {
    file: 'opentelemetry/proto/collector/metrics/v1/metrics_service.proto',
    request: 'opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest',
  },
  logs: {
    file: 'opentelemetry/proto/collector/logs/v1/logs_service.proto',
    request: 'opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest',
  },
}

let loadedRoot: protobuf.Root | undefined

/** The message type of a signal's `Export…ServiceRequest`. */
export function requestType(signal: Signal): protobuf.Type {
  return otlpRoot().lookupType(SERVICES[signal].request)
}

/**
 * Decodes a request to what protobufjs makes of it (lowerCamelCase names): 64-bit
 * numbers and NaN/Infinity as strings, bytes as Buffer, enums as numbers,
 * fields that are absent left out, empty lists left out.
 *
 * @throws whatever protobufjs throws at bytes that are no such request
 */
export function decodeIndependently(signal: Signal, bytes: Uint8Array): Record<string, unknown> {
  const type = requestType(signal)
  return type.toObject(type.decode(bytes), { longs: String })
}

/**
 * Encodes an object of the shape `decodeIndependently` returns; protobufjs
 * takes 64-bit numbers as decimal strings and bytes as Uint8Array.
 */
export function encodeIndependently(signal: Signal, request: object): Uint8Array {
  const type = requestType(signal)
  return type.encode(type.fromObject(request)).finish()
}

function otlpRoot(): protobuf.Root {
  if (loadedRoot) return loadedRoot
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) => join(PROTO_ROOT, target)
  root.loadSync(Object.values(SERVICES).map((service) => service.file))
  addFieldsNewerThanTheFiles(root)
  root.resolveAll()
  return (loadedRoot = root)
}

// The files predate opentelemetry-proto 1.5 (event names) and 1.6 (entities).
function addFieldsNewerThanTheFiles(root: protobuf.Root): void {
  const logRecord = root.lookupType('opentelemetry.proto.logs.v1.LogRecord')
  if (!logRecord.fields.eventName) {
    logRecord.add(new protobuf.Field('eventName', 12, 'string'))
  }
  const resource = root.lookupType('opentelemetry.proto.resource.v1.Resource')
  if (!resource.fields.entityRefs) {
    root.define('opentelemetry.proto.common.v1').add(
      new protobuf.Type('EntityRef')
        .add(new protobuf.Field('schemaUrl', 1, 'string'))
        .add(new protobuf.Field('type', 2, 'string'))
        .add(new protobuf.Field('idKeys', 3, 'string', 'repeated'))
        .add(new protobuf.Field('descriptionKeys', 4, 'string', 'repeated')),
    )
    resource.add(
      new protobuf.Field('entityRefs', 3, 'opentelemetry.proto.common.v1.EntityRef', 'repeated'),
    )
  }
}

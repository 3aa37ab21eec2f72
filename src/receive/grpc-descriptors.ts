// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import {
  AnyValue,
  ArrayValue,
  EntityRef,
  InstrumentationScope,
  KeyValue,
  KeyValueList,
  REQUEST_SHAPES,
  Resource,
  type MessageShape,
} from '../otlp/schema'
import { SIGNALS, type Signal } from '../otlp/signal'
import { encodeFileDescriptor, type ProtoFile } from './grpc-file-descriptor'

const ROOT = 'opentelemetry.proto'

interface SignalNames {
  /** As packages and files have it. */
  readonly noun: string
  /** `trace` of `trace.v1.TraceService`, `TraceService` and `trace_service.proto`. */
  readonly stem: string
  readonly rejectedField: string
}

const NAMES: Readonly<Record<Signal, SignalNames>> = {
  traces: { noun: 'trace', stem: 'Trace', rejectedField: 'rejected_spans' },
  metrics: { noun: 'metrics', stem: 'Metrics', rejectedField: 'rejected_data_points' },
  logs: { noun: 'logs', stem: 'Logs', rejectedField: 'rejected_log_records' },
}

/** Full names of the services that have an `Export` method, by signal. */
export const EXPORT_SERVICES: Readonly<Record<Signal, string>> = Object.freeze({
  traces: serviceName('traces'),
  metrics: serviceName('metrics'),
  logs: serviceName('logs'),
})

const COMMON = [AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList]

/**
 * The .proto files of OTLP as encoded `google.protobuf.FileDescriptorProto`s, for
 * reflection, under their official names. They come out of the one schema that
 * everything here reads by, and so lack what only profiles use.
 */
export function describeOtlpFiles(): Buffer[] {
  const common = dataFile('common', COMMON, [])
  const resource = dataFile('resource', [Resource], [common])
  const shared = [common, resource]
  const files = [...shared]
  for (const signal of SIGNALS) {
    const request = REQUEST_SHAPES[signal]
    const payload = messagesUnder(request, new Set(shared.flatMap(({ messages }) => messages)))
    const data = dataFile(NAMES[signal].noun, payload, shared)
    files.push(data, serviceFile(signal, request, data))
  }
  const packages = new Map<MessageShape, string>()
  for (const { messages, packageName } of files) {
    for (const message of messages) packages.set(message, packageName)
  }
  return files.map((file) => encodeFileDescriptor(file, packages))
}

function dataFile(noun: string, messages: MessageShape[], imports: ProtoFile[]): ProtoFile {
  return {
    name: `${ROOT.replace('.', '/')}/${noun}/v1/${noun}.proto`,
    packageName: `${ROOT}.${noun}.v1`,
    imports: imports.map(({ name }) => name),
    messages,
  }
}

function serviceFile(signal: Signal, request: MessageShape, data: ProtoFile): ProtoFile {
  const { noun, stem, rejectedField } = NAMES[signal]
  return {
    name: `${ROOT.replace('.', '/')}/collector/${noun}/v1/${noun}_service.proto`,
    packageName: `${ROOT}.collector.${noun}.v1`,
    imports: [data.name],
    messages: [request],
    exportService: { stem, rejectedField },
  }
}

function serviceName(signal: Signal): string {
  const { noun, stem } = NAMES[signal]
  return `${ROOT}.collector.${noun}.v1.${stem}Service`
}

/** What a request is made of, without itself and what is in `known` already. */
function messagesUnder(request: MessageShape, known: ReadonlySet<MessageShape>): MessageShape[] {
  const found = new Set<MessageShape>()
  const visit = (parent: MessageShape): void => {
    for (const { message } of parent.fields) {
      if (!message || known.has(message) || found.has(message)) continue
      found.add(message)
      visit(message)
    }
  }
  visit(request)
  return [...found]
}

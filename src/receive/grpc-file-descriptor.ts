// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { writeMessage } from '../otlp/protobuf-writer'
import type { FieldKind, FieldShape, MessageShape } from '../otlp/schema'

/** A .proto file. */
export interface ProtoFile {
  readonly name: string
  readonly packageName: string
  readonly imports: readonly string[]
  /** Also those inside others, as `Span.Event`. */
  readonly messages: readonly MessageShape[]
  /** The file also has an OTLP service, and what it answers. */
  readonly exportService?: ExportService
}

export interface ExportService {
  /** `Trace` of `TraceService` and `ExportTraceServiceRequest`. */
  readonly stem: string
  /** What the partial success calls the number of items. */
  readonly rejectedField: string
}

/** Encodes a file as `google.protobuf.FileDescriptorProto`. */
export function encodeFileDescriptor(
  file: ProtoFile,
  packages: ReadonlyMap<MessageShape, string>,
): Buffer {
  const { name, packageName, imports, messages, exportService } = file
  const describe = (message: MessageShape) => describeMessage(message, file, packages)
  return Buffer.from(
    encode(
      [FILE.name, name],
      [FILE.package, packageName],
      ...imports.map((path): Field => [FILE.dependency, path]),
      ...messages.filter(isTopLevel).map((message): Field => [FILE.message, describe(message)]),
      ...(exportService ? describeAnswers(exportService, packageName) : []),
      ...enumsIn(messages, '').map((shape): Field => [FILE.enum, shape]),
      ...(exportService ? [describeService(exportService, packageName)] : []),
      [FILE.syntax, 'proto3'],
    ),
  )
}

// Field numbers of google/protobuf/descriptor.proto.
const FILE = { name: 1, package: 2, dependency: 3, message: 4, enum: 5, service: 6, syntax: 12 }
const MESSAGE = { name: 1, field: 2, nested: 3, enum: 4, oneof: 8 }
const FIELD = {
  name: 1,
  number: 3,
  label: 4,
  type: 5,
  typeName: 6,
  oneofIndex: 9,
  jsonName: 10,
  proto3Optional: 17,
}
const ENUM = { name: 1, value: 2 }
const ENUM_VALUE = { name: 1, number: 2 }
const SERVICE = { name: 1, method: 2 }
const METHOD = { name: 1, input: 2, output: 3 }
const ONEOF_NAME = 1

const LABEL = { optional: 1, repeated: 3 }

const TYPES: Readonly<Record<FieldKind, number>> = {
  double: 1,
  int64: 3,
  uint64: 4,
  fixed64: 6,
  time: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  message: 11,
  bytes: 12,
  spanId: 12,
  traceId: 12,
  uint32: 13,
  enum: 14,
  sfixed64: 16,
  sint32: 17,
}

/** Members of these messages that know whether they are set are one choice. */
const ONEOFS: Readonly<Record<string, string>> = {
  AnyValue: 'value',
  Exemplar: 'value',
  Metric: 'data',
  NumberDataPoint: 'value',
}

/** Types of the fields that are enums, which the schema has no names for. */
const ENUMS: Readonly<Record<string, string>> = {
  kind: 'Span.SpanKind',
  code: 'Status.StatusCode',
  aggregationTemporality: 'AggregationTemporality',
  severityNumber: 'SeverityNumber',
}

function describeMessage(
  message: MessageShape,
  file: ProtoFile,
  packages: ReadonlyMap<MessageShape, string>,
): Uint8Array {
  const nested = file.messages.filter(({ name }) => name.startsWith(`${message.name}.`))
  const oneofs = oneofsOf(message)
  return encode(
    [MESSAGE.name, message.name.slice(message.name.lastIndexOf('.') + 1)],
    ...message.fields.map((field): Field => {
      const typeName = typeNameOf(field, file, packages)
      return [MESSAGE.field, describeField(field, typeName, oneofs.get(field))]
    }),
    ...nested.map((inner): Field => [MESSAGE.nested, describeMessage(inner, file, packages)]),
    ...enumsIn(file.messages, `${message.name}.`).map((shape): Field => [MESSAGE.enum, shape]),
    ...[...new Set([...oneofs.values()].map(({ name }) => name))].map((name): Field => [
      MESSAGE.oneof,
      encode([ONEOF_NAME, name]),
    ]),
  )
}

interface Oneof {
  readonly index: number
  readonly name: string
  readonly isSynthetic: boolean
}

/** proto3 writes a field that is `optional` as the only member of a oneof. */
function oneofsOf({ name, fields }: MessageShape): Map<FieldShape, Oneof> {
  const oneofs = new Map<FieldShape, Oneof>()
  const choice = ONEOFS[name]
  for (const field of fields) {
    if (choice !== undefined) {
      if (field.hasPresence) oneofs.set(field, { index: 0, name: choice, isSynthetic: false })
    } else if (field.hasPresence && field.kind !== 'message') {
      const own = `_${snakeCase(field.jsonName)}`
      oneofs.set(field, { index: oneofs.size, name: own, isSynthetic: true })
    }
  }
  return oneofs
}

function describeField(field: FieldShape, typeName: string | undefined, oneof?: Oneof): Uint8Array {
  const { jsonName, number, repeated, kind } = field
  return encode(
    [FIELD.name, snakeCase(jsonName)],
    [FIELD.number, number],
    [FIELD.label, repeated ? LABEL.repeated : LABEL.optional],
    [FIELD.type, TYPES[kind]],
    ...(typeName === undefined ? [] : [[FIELD.typeName, typeName] as const]),
    ...(oneof ? [[FIELD.oneofIndex, oneof.index] as const] : []),
    [FIELD.jsonName, jsonName],
    ...(oneof?.isSynthetic ? [[FIELD.proto3Optional, 1] as const] : []),
  )
}

function typeNameOf(
  { message, kind, jsonName }: FieldShape,
  { packageName }: ProtoFile,
  packages: ReadonlyMap<MessageShape, string>,
): string | undefined {
  if (message) return `.${packages.get(message)}.${message.name}`
  return kind === 'enum' ? `.${packageName}.${ENUMS[jsonName]}` : undefined
}

/** The enums declared right inside `scope`: a message's name and a dot, or nothing for the file. */
function enumsIn(messages: readonly MessageShape[], scope: string): Uint8Array[] {
  const enums = new Map<string, Uint8Array>()
  for (const { jsonName, names } of messages.flatMap(({ fields }) => fields)) {
    if (!names) continue
    const fullName = ENUMS[jsonName]
    const name = fullName.slice(fullName.lastIndexOf('.') + 1)
    if (scope + name !== fullName) continue
    const values = Object.entries(names).map(([number, label]): Field => [
      ENUM.value,
      encode([ENUM_VALUE.name, label], [ENUM_VALUE.number, Number(number)]),
    ])
    enums.set(name, encode([ENUM.name, name], ...values))
  }
  return [...enums.values()]
}

/** The answer to an export and the partial success in it, which are never read here. */
function describeAnswers({ stem, rejectedField }: ExportService, packageName: string): Field[] {
  const partial = `Export${stem}PartialSuccess`
  const plain = (number: number, jsonName: string, kind: FieldKind): FieldShape => ({
    number,
    jsonName,
    kind,
    repeated: false,
    hasPresence: false,
  })
  const rejected = rejectedField.replace(/_./g, ([, letter]) => letter.toUpperCase())
  return [
    encode(
      [MESSAGE.name, `Export${stem}ServiceResponse`],
      [
        MESSAGE.field,
        describeField(plain(1, 'partialSuccess', 'message'), `.${packageName}.${partial}`),
      ],
    ),
    encode(
      [MESSAGE.name, partial],
      [MESSAGE.field, describeField(plain(1, rejected, 'int64'), undefined)],
      [MESSAGE.field, describeField(plain(2, 'errorMessage', 'string'), undefined)],
    ),
  ].map((message) => [FILE.message, message])
}

function describeService({ stem }: ExportService, packageName: string): Field {
  const method = encode(
    [METHOD.name, 'Export'],
    [METHOD.input, `.${packageName}.Export${stem}ServiceRequest`],
    [METHOD.output, `.${packageName}.Export${stem}ServiceResponse`],
  )
  return [FILE.service, encode([SERVICE.name, `${stem}Service`], [SERVICE.method, method])]
}

function isTopLevel({ name }: MessageShape): boolean {
  return !name.includes('.')
}

function snakeCase(jsonName: string): string {
  return jsonName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

type Field = readonly [number: number, value: string | number | Uint8Array]

const VARINT = 0
const LENGTH_DELIMITED = 2

function encode(...fields: Field[]): Uint8Array {
  return writeMessage((writer) => {
    for (const [number, value] of fields.toReversed()) {
      const tag = number * 8
      if (typeof value === 'number') writer.varintField(tag + VARINT, value)
      else if (typeof value === 'string') writer.stringField(tag + LENGTH_DELIMITED, value)
      else writer.bytesField(tag + LENGTH_DELIMITED, value)
    }
  })
}

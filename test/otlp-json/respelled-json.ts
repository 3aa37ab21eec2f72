// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import protobuf from 'protobufjs'
import { REQUEST_SHAPES, type FieldShape, type MessageShape } from '../../src/otlp/schema'
import type { Signal } from '../../src/otlp/signal'
import { seededRandom, type JsonObject } from '../support/arbitrary-otlp'

/**
 * The same request as another sender might write it: names in snake_case, ids
 * in upper case or base64, enums by name, numbers as strings and strings as
 * numbers, nulls, empty ids and fields from the future in between.
 */
export function respelledJson(signal: Signal, json: JsonObject, seed: number): JsonObject {
  return respelledMessage(REQUEST_SHAPES[signal], json, seededRandom(seed))
}

function respelledMessage(shape: MessageShape, json: JsonObject, random: () => number): JsonObject {
  // As JSON.parse would make it: `__proto__` a key like any other.
  const entries: [string, unknown][] = []
  if (random() < 0.1) entries.push(['__proto__', { key: 'polluted' }], ['futureField', [{}, 1]])
  for (const field of shape.fields) {
    const name = random() < 0.5 ? protoName(field.jsonName) : field.jsonName
    const value = json[field.jsonName]
    if (value !== undefined) entries.push([name, respelledField(field, value, random)])
    else if (random() < 0.1) entries.push([name, absentValue(field)])
  }
  if (random() < 0.5) entries.reverse()
  return Object.fromEntries(entries)
}

function respelledField(field: FieldShape, value: unknown, random: () => number): unknown {
  const respell = (item: unknown) => {
    if (field.message) return respelledMessage(field.message, item as JsonObject, random)
    return random() < 0.5 ? item : respelledScalar(field, item, random)
  }
  return Array.isArray(value) ? value.map(respell) : respell(value)
}

function absentValue(field: FieldShape): unknown {
  if (field.repeated) return []
  return field.kind === 'traceId' || field.kind === 'spanId' ? '' : null
}

function respelledScalar(field: FieldShape, value: unknown, random: () => number): unknown {
  switch (field.kind) {
    case 'bool':
    case 'string':
    case 'message':
      return value
    case 'bytes':
      return Buffer.from(value as string, 'base64').toString('base64url')
    case 'enum':
      return random() < 0.5 ? field.names?.[value as number] : String(value)
    case 'double':
    case 'fixed32':
    case 'sint32':
    case 'uint32':
      return String(value)
    case 'fixed64':
    case 'int64':
    case 'sfixed64':
    case 'time':
    case 'uint64':
      // Only a number that the double holds exactly means the same.
      return BigInt(Number(value)) === BigInt(value as string) ? Number(value) : value
    case 'spanId':
    case 'traceId':
      return random() < 0.5
        ? (value as string).toUpperCase()
        : Buffer.from(value as string, 'hex')
            .toString('base64')
            .replace(/=+$/, (padding) => (random() < 0.5 ? padding : ''))
  }
}

const PROTO_FILES = [
  'common/v1/common',
  'resource/v1/resource',
  ...['trace/v1/trace', 'metrics/v1/metrics', 'logs/v1/logs'],
  'collector/trace/v1/trace_service',
  'collector/metrics/v1/metrics_service',
  'collector/logs/v1/logs_service',
]
const NEWER_THAN_THE_FILES = ['type', 'event_name', 'entity_refs', 'id_keys', 'description_keys']

let namesByJsonName: Map<string, string> | undefined

/** A field's name as the .proto files have it. */
export function protoName(jsonName: string): string {
  namesByJsonName ??= new Map(
    [...NEWER_THAN_THE_FILES, ...PROTO_FILES.flatMap(fieldNamesIn)].map((name) => [
      protobuf.util.camelCase(name),
      name,
    ]),
  )
  const name = namesByJsonName.get(jsonName)
  if (name === undefined) throw new Error(`no .proto file has a field ${jsonName}`)
  return name
}

function fieldNamesIn(file: string): string[] {
  const root = dirname(require.resolve('@elastic/mockotlpserver/package.json'))
  const source = readFileSync(join(root, `opentelemetry/proto/${file}.proto`), 'utf8')
  return Array.from(source.matchAll(/^[\w\s.]*?\b(\w+) = \d+( \[.*\])?;/gm), (match) => match[1])
}

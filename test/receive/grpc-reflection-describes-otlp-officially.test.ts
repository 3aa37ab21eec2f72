// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Client } from '@grpc/grpc-js'
import { dirname, join } from 'node:path'
import protobuf from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor'
import { SIGNALS } from '../../src/otlp/signal'
import { requestType } from '../support/independent-decoder'
import { EXPORT_PATHS, exportBytes, startTestGrpc } from './grpc-fixture'
import { createTestIntake } from './http-fixture'

const SERVICES = SIGNALS.map((signal) => EXPORT_PATHS[signal].split('/')[1])

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  test('lists the services', async () => {
    await using grpc = await startTestGrpc({ intake: createTestIntake() })
    const answer = await reflect(grpc.connect(), version, { listServices: '*' })
    const names = answer.listServicesResponse?.service.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining([...SERVICES, 'grpc.health.v1.Health']))
  })

  test('knows no other symbol', async () => {
    await using grpc = await startTestGrpc({ intake: createTestIntake() })
    const answer = await reflect(grpc.connect(), version, { fileContainingSymbol: 'no.Such' })
    expect(answer.errorResponse).toMatchObject({ errorCode: 5 })
  })

  test.each(SIGNALS)('describes the service for %s so that it can be called', async (signal) => {
    const intake = createTestIntake()
    await using grpc = await startTestGrpc({ intake })
    const client = grpc.connect()
    const symbol = EXPORT_PATHS[signal].split('/')[1]
    const answer = await reflect(client, version, { fileContainingSymbol: symbol })
    const root = rootOf(answer)
    const { requestType: described } = root.lookupService(symbol).methods.Export
    const request = root.lookupType(described)
    const [{ name }] = request.fieldsArray
    const body = request.encode({ [name]: [{ schemaUrl: 'x' }] }).finish()
    await exportBytes(client, signal, body)
    expect(intake.taken).toEqual([{ signal, body }])
  })
})

test('names, numbers and types are those of the official files', async () => {
  await using grpc = await startTestGrpc({ intake: createTestIntake() })
  const client = grpc.connect()
  for (const signal of SIGNALS) {
    const symbol = EXPORT_PATHS[signal].split('/')[1]
    const described = rootOf(await reflect(client, 'v1', { fileContainingSymbol: symbol }))
    const official = requestType(signal).root
    official.resolveAll()
    const ours = typesOf(described)
    expect(ours.size).toBeGreaterThan(10)
    for (const [name, shape] of ours) {
      const theirs = official.lookupTypeOrEnum(name)
      expect({ name, ...shape }).toEqual({ name, ...shapeOf(theirs) })
    }
  }
})

test('files have their official names and import each other', async () => {
  await using grpc = await startTestGrpc({ intake: createTestIntake() })
  const fileByFilename = 'opentelemetry/proto/collector/metrics/v1/metrics_service.proto'
  const answer = await reflect(grpc.connect(), 'v1', { fileByFilename })
  const files = filesOf(answer)
  expect(files.map(({ name }) => name).sort()).toEqual([
    fileByFilename,
    'opentelemetry/proto/common/v1/common.proto',
    'opentelemetry/proto/metrics/v1/metrics.proto',
    'opentelemetry/proto/resource/v1/resource.proto',
  ])
  expect(files.every(({ syntax }) => syntax === 'proto3')).toBe(true)
  for (const { dependency } of files) {
    for (const path of dependency ?? []) expect(files.map(({ name }) => name)).toContain(path)
  }
})

type Shape = Readonly<Record<string, unknown>>

function typesOf(root: protobuf.Root): Map<string, Shape> {
  const found = new Map<string, Shape>()
  const visit = (namespace: protobuf.NamespaceBase) => {
    for (const nested of namespace.nestedArray) {
      if (nested instanceof protobuf.Type || nested instanceof protobuf.Enum) {
        found.set(nested.fullName.slice(1), shapeOf(nested))
      }
      if (nested instanceof protobuf.Namespace) visit(nested)
    }
  }
  visit(root)
  return found
}

function shapeOf(type: protobuf.ReflectionObject): Shape {
  if (type instanceof protobuf.Enum) return type.values
  if (!(type instanceof protobuf.Type)) throw new TypeError(`${type.fullName} is no type`)
  return Object.fromEntries(
    type.fieldsArray.map((field) => {
      const { id, repeated, resolvedType, partOf } = field.resolve()
      const shape = [id, resolvedType?.fullName ?? field.type, repeated, partOf?.name]
      return [snake(field.name), shape]
    }),
  )
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

interface ReflectionAnswer {
  listServicesResponse?: { service: { name: string }[] }
  fileDescriptorResponse?: { fileDescriptorProto: Uint8Array[] }
  errorResponse?: { errorCode: number }
}

interface FileProto {
  name: string
  syntax: string
  dependency?: string[]
}

function filesOf(answer: ReflectionAnswer): FileProto[] {
  const encoded = answer.fileDescriptorResponse?.fileDescriptorProto ?? []
  return encoded.map(
    (bytes) => descriptor.FileDescriptorProto.decode(bytes) as unknown as FileProto,
  )
}

/** What a client builds of the files it got. */
function rootOf(answer: ReflectionAnswer): protobuf.Root {
  const set = descriptor.FileDescriptorSet.fromObject({ file: filesOf(answer) })
  // The extension adds this to Root, and its types do not say so.
  const extended = protobuf.Root as unknown as {
    fromDescriptor(set: protobuf.Message): protobuf.Root
  }
  const root = extended.fromDescriptor(set)
  root.resolveAll()
  return root
}

function reflect(client: Client, version: string, request: object): Promise<ReflectionAnswer> {
  const folder = dirname(require.resolve('@grpc/reflection/package.json'))
  const path = join(folder, `build/proto/grpc/reflection/${version}/reflection.proto`)
  const root = protobuf.loadSync(path)
  const requests = root.lookupType('ServerReflectionRequest')
  const answers = root.lookupType('ServerReflectionResponse')
  const call = client.makeBidiStreamRequest(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    (value: object) => Buffer.from(requests.encode(requests.fromObject(value)).finish()),
    (bytes) => answers.toObject(answers.decode(bytes)) as ReflectionAnswer,
  )
  return new Promise((resolve, reject) => {
    call.on('data', resolve)
    call.on('error', reject)
    call.write(request)
    call.end()
  })
}

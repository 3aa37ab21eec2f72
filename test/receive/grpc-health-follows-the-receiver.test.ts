// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Client, ServiceError } from '@grpc/grpc-js'
import { once } from 'node:events'
import { service } from 'grpc-health-check'
import type { IntakeResult } from '../../src/receive/intake'
import { errorOf, exportBytes, ONE_SPAN, startTestGrpc } from './grpc-fixture'
import { ALL_TAKEN, createTestIntake } from './http-fixture'

const SERVICES = [
  '',
  'opentelemetry.proto.collector.trace.v1.TraceService',
  'opentelemetry.proto.collector.metrics.v1.MetricsService',
  'opentelemetry.proto.collector.logs.v1.LogsService',
]

interface HealthAnswer {
  status: string
}

const { Check, Watch } = service

test.each(SERVICES)('Check says that "%s" is served', async (name) => {
  await using grpc = await startTestGrpc({ intake: createTestIntake() })
  expect(await check(grpc.connect(), name)).toEqual({ status: 'SERVING' })
})

test('Check does not know other services', async () => {
  await using grpc = await startTestGrpc({ intake: createTestIntake() })
  expect(await errorOf(check(grpc.connect(), 'grpc.none'))).toMatchObject({ code: 5 })
})

test('watchers see the receiver stop, and do not keep it from stopping', async () => {
  await using grpc = await startTestGrpc({ intake: createTestIntake() })
  const client = grpc.connect()
  const watches = SERVICES.map((name) => watch(client, name))
  await Promise.all(watches.map(({ stream }) => once(stream, 'data')))
  await grpc.endpoint.close(new AbortController().signal)
  for (const { seen, ended } of watches) {
    expect(await ended).toMatchObject({ code: 14 })
    expect(seen).toEqual(['SERVING', 'NOT_SERVING'])
  }
})

test('closing lets requests under way be answered, and takes no others', async () => {
  let answer: (result: IntakeResult) => void = () => {}
  let onTaken = () => {}
  const taken = new Promise<void>((resolve) => (onTaken = resolve))
  const take = () => {
    onTaken()
    return new Promise<IntakeResult>((resolve) => (answer = resolve))
  }
  await using grpc = await startTestGrpc({ intake: { take } })
  const underWay = exportBytes(grpc.connect(), 'logs', ONE_SPAN)
  await taken
  const closed = grpc.endpoint.close(new AbortController().signal)
  expect(await errorOf(exportBytes(grpc.connect(), 'logs', ONE_SPAN))).toMatchObject({
    code: 14,
  })
  answer(ALL_TAKEN)
  await underWay
  await closed
  await grpc.endpoint.close(AbortSignal.abort())
})

test('closing cuts what is not answered when the signal fires', async () => {
  const controller = new AbortController()
  const take = () => {
    controller.abort()
    return new Promise<IntakeResult>(() => {})
  }
  await using grpc = await startTestGrpc({ intake: { take } })
  const cut = errorOf(exportBytes(grpc.connect(), 'logs', ONE_SPAN))
  await once(controller.signal, 'abort')
  await grpc.endpoint.close(controller.signal)
  expect([1, 13, 14]).toContain((await cut).code)
})

function check(client: Client, name: string): Promise<HealthAnswer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      Check.path,
      Check.requestSerialize,
      Check.responseDeserialize,
      { service: name },
      (error, answer) => (error ? reject(error) : resolve(answer as HealthAnswer)),
    )
  })
}

function watch(client: Client, name: string) {
  const seen: string[] = []
  const stream = client.makeServerStreamRequest(
    Watch.path,
    Watch.requestSerialize,
    Watch.responseDeserialize,
    { service: name },
  )
  stream.on('data', ({ status }: HealthAnswer) => seen.push(status))
  const ended = new Promise<ServiceError>((resolve) => stream.on('error', resolve))
  return { stream, seen, ended }
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { setImmediate as turn } from 'node:timers/promises'
import { context, metrics, propagation, trace } from '@opentelemetry/api'
import { logs } from '@opentelemetry/api-logs'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { type TestCapture, startTestCapture } from '../../src/testing'
import { first } from './attached-providers'

let tape: TestCapture | undefined

function register(): TestCapture {
  return (tape = startTestCapture({ register: true }))
}

afterEach(async () => {
  await tape?.stop()
})

// As library code does: asked for once, when the module is loaded.
const tracerOfAModule = trace.getTracer('library')

test('spans nest across awaits, logs belong to them, metrics are counted', async () => {
  const capture = register()
  await trace.getTracer('app').startActiveSpan('request', async (request) => {
    await turn()
    await trace.getTracer('app').startActiveSpan('query', async (query) => {
      logs.getLogger('app').emit({ body: 'slow query' })
      metrics.getMeter('app').createCounter('queries').add(1)
      query.end()
    })
    request.end()
  })
  const query = await capture.waitForSpan({ name: 'query' })
  expect(query.parent?.name).toBe('request')
  expect(query.logs).toMatchObject([{ body: 'slow query', scope: { name: 'app' } }])
  expect(await capture.metrics()).toMatchObject([{ name: 'queries', dataPoints: [{ value: 1 }] }])
})

test('the trace context is written and read as on the wire', async () => {
  const capture = register()
  const carrier: Record<string, string> = {}
  trace.getTracer('app').startActiveSpan('client', (span) => {
    propagation.inject(context.active(), carrier)
    span.end()
  })
  const incoming = propagation.extract(context.active(), carrier)
  trace.getTracer('app').startSpan('server', {}, incoming).end()
  expect(first(capture.spans({ name: 'server' })).parent?.name).toBe('client')
})

test('the service has the name that the environment gives it', async () => {
  // The resource is made with the first registration of the process: see in a fresh copy.
  const previous = process.env.OTEL_SERVICE_NAME
  process.env.OTEL_SERVICE_NAME = 'from-env'
  try {
    await jest.isolateModulesAsync(async () => {
      const { startTestCapture: start } =
        jest.requireActual<typeof import('../../src/testing')>('../../src/testing')
      const capture = start({ register: true })
      trace.getTracer('app').startSpan('span').end()
      await capture.stop()
      expect(first(capture.spans()).serviceName).toBe('from-env')
    })
  } finally {
    if (previous === undefined) delete process.env.OTEL_SERVICE_NAME
    else process.env.OTEL_SERVICE_NAME = previous
  }
})

test('a tracer in module scope is heard by one capture after the other', async () => {
  for (const name of ['first', 'second', 'third']) {
    const capture = register()
    tracerOfAModule.startSpan(name).end()
    await capture.stop()
    tracerOfAModule.startSpan('between').end()
    expect(capture.spans().map((span) => span.name)).toEqual([name])
  }
})

test('a capture does not see what the one before has measured', async () => {
  const before = register()
  const counter = metrics.getMeter('app').createCounter('c')
  counter.add(5)
  await before.stop()
  const after = register()
  counter.add(1)
  expect(await after.metrics()).toMatchObject([{ name: 'c', dataPoints: [{ value: 1 }] }])
  expect(await before.metrics()).toMatchObject([{ name: 'c', dataPoints: [{ value: 5 }] }])
})

test('after the stop the API is as it was', async () => {
  await register().stop()
  expect(trace.getTracer('app').startSpan('span').isRecording()).toBe(false)
  expect(logs.getLogger('app').enabled({})).toBe(false)
  context.with(context.active().setValue(Symbol.for('key'), 'value'), () => {
    expect(context.active().getValue(Symbol.for('key'))).toBeUndefined()
  })
  expect(propagation.fields()).toEqual([])
})

test('a second one at the same time is refused, and disturbs nothing', () => {
  const capture = register()
  expect(() => startTestCapture({ register: true })).toThrow(
    expect.objectContaining({ code: 'ALREADY_REGISTERED' }) as Error,
  )
  trace.getTracer('app').startSpan('span').end()
  expect(capture.spans()).toHaveLength(1)
})

test("beside somebody else's global providers it is refused, and takes nothing of theirs", () => {
  const theirs = new TracerProvider()
  trace.setGlobalTracerProvider(theirs)
  try {
    expect(() => startTestCapture({ register: true })).toThrow(/a global tracer provider already/)
    expect(trace.getTracer('app').startSpan('span').isRecording()).toBe(true)
    expect(propagation.fields()).toEqual([])
  } finally {
    trace.disable()
  }
})

test("beside somebody else's meter provider it takes back what it had set", () => {
  const theirs = { getMeter: () => metrics.getMeter('none') }
  metrics.setGlobalMeterProvider(theirs)
  try {
    expect(() => startTestCapture({ register: true })).toThrow(/a global meter provider already/)
    expect(trace.getTracer('app').startSpan('span').isRecording()).toBe(false)
    expect(metrics.getMeterProvider()).toBe(theirs)
  } finally {
    metrics.disable()
  }
})

test('spans are recorded whatever the caller and the environment say of sampling', () => {
  const capture = register()
  const unsampled = trace.setSpanContext(context.active(), {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 0,
    isRemote: true,
  })
  trace.getTracer('app').startSpan('span', {}, unsampled).end()
  expect(first(capture.spans())).toMatchObject({ sampled: true, parentSpanId: 'b7ad6b7169203331' })
})

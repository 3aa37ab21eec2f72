// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type * as Testing from '../../src/testing'

const PACKAGES = ['api', 'api-logs', 'context-async-hooks', 'core', 'resources'].concat([
  'sdk-logs',
  'sdk-metrics',
  'sdk-trace',
  'sdk-trace-base',
])

afterEach(() => {
  jest.resetModules()
  for (const name of PACKAGES) jest.dontMock(`@opentelemetry/${name}`)
})

test('without register nothing of OpenTelemetry is loaded', () => {
  for (const name of PACKAGES) {
    jest.doMock(`@opentelemetry/${name}`, () => {
      throw new Error(`${name} was loaded`)
    })
  }
  const tape = freshModule().startTestCapture()
  tape.spanProcessor()
  tape.metricReader()
  tape.logRecordProcessor()
  expect(tape.spans()).toEqual([])
})

test('register names the package that is missing', () => {
  pretendMissing('context-async-hooks')
  const { startTestCapture } = freshModule()
  expect(() => startTestCapture({ register: true })).toThrow(
    expect.objectContaining({
      code: 'SDK_NOT_FOUND',
      message: expect.stringMatching(/'@opentelemetry\/context-async-hooks'.*Install/) as string,
    }) as Error,
  )
})

test('a package that is there and broken is not called missing', () => {
  jest.doMock('@opentelemetry/resources', () => {
    throw new SyntaxError('broken')
  })
  expect(() => freshModule().startTestCapture({ register: true })).toThrow(
    new SyntaxError('broken'),
  )
})

test('nor is one that lacks a package of its own', () => {
  jest.doMock('@opentelemetry/sdk-metrics', () => {
    throw notFound('its-dependency')
  })
  expect(() => freshModule().startTestCapture({ register: true })).toThrow(
    notFound('its-dependency'),
  )
})

test('traces are captured where metrics and logs are not installed, and these say so', async () => {
  for (const name of ['sdk-metrics', 'sdk-logs', 'api-logs']) pretendMissing(name)
  const tape = freshModule().startTestCapture({ register: true })
  try {
    const { trace } = jest.requireActual<typeof import('@opentelemetry/api')>('@opentelemetry/api')
    trace.getTracer('app').startSpan('span').end()
    expect(tape.spans()).toHaveLength(1)
    await expect(tape.metrics()).rejects.toMatchObject({ code: 'NO_METRIC_READER' })
    await expect(tape.waitForLog({ body: 'x' }, { timeoutMillis: 5 })).rejects.toThrow(
      'attached to no provider',
    )
  } finally {
    await tape.stop()
  }
})

function pretendMissing(name: string): void {
  jest.doMock(`@opentelemetry/${name}`, () => {
    throw notFound(`@opentelemetry/${name}`)
  })
}

function notFound(name: string): Error {
  return Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' })
}

function freshModule(): typeof Testing {
  return jest.requireActual<typeof Testing>('../../src/testing')
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type SenderContext, resolveSenderOptions } from '../../src/transport/sender-options'
import { useWarnings } from '../support/collect-warnings'

const kept = process.env
const warnings = useWarnings()

beforeEach(() => {
  process.env = {}
})

afterEach(() => {
  process.env = kept
})

function endpoints(
  environment: Record<string, string>,
  targetEndpoint?: string,
  only?: SenderContext['only'],
) {
  process.env = environment
  const context = { entryPoint: 'a test', only, connections: 1 }
  return resolveSenderOptions({ targetEndpoint }, context).endpoints
}

const GRPC = 'OTEL_EXPORTER_OTLP_PROTOCOL'
const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT'

test.each<[string, Record<string, string>, string]>([
  ['nothing', {}, 'http://localhost:4318/v1/logs'],
  ['grpc alone', { [GRPC]: 'grpc' }, 'grpc://localhost:4317'],
  ['http://', { [GRPC]: 'grpc', [ENDPOINT]: 'http://collector:9317' }, 'grpc://collector:9317'],
  ['https://', { [GRPC]: 'grpc', [ENDPOINT]: 'https://vendor' }, 'grpcs://vendor:443'],
  ['http:// without a port', { [GRPC]: 'grpc', [ENDPOINT]: 'http://x' }, 'grpc://x:80'],
  ['a path', { [GRPC]: 'grpc', [ENDPOINT]: 'http://collector:4317/x' }, 'grpc://collector:4317'],
  ['a scheme', { [ENDPOINT]: 'grpcs://collector' }, 'grpcs://collector:4317'],
  [
    'a scheme that HTTP does not change',
    { [GRPC]: 'http/protobuf', [ENDPOINT]: 'grpc://collector:1' },
    'grpc://collector:1',
  ],
  ['ours', { [GRPC]: 'grpc', REPLAY_DEFAULT_ENDPOINT: 'http://c:4317' }, 'grpc://c:4317'],
  [
    'one for the signal',
    { [GRPC]: 'http/json', OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'grpc' },
    'grpc://localhost:4317',
  ],
  [
    'the other way about',
    { [GRPC]: 'grpc', OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/protobuf' },
    'http://localhost:4318/v1/logs',
  ],
  [
    'an endpoint for the signal',
    { [GRPC]: 'grpc', OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://logs:4317' },
    'grpcs://logs:4317',
  ],
])('%s', (_name, environment, expected) => {
  expect(endpoints(environment).logs).toBe(expected)
  expect(warnings).toEqual([])
})

test('signals may be spoken to differently', () => {
  const environment = {
    [ENDPOINT]: 'http://collector:4318',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces:4317',
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
  }
  expect(endpoints(environment)).toEqual({
    traces: 'grpc://traces:4317',
    metrics: 'http://collector:4318/v1/metrics',
    logs: 'http://collector:4318/v1/logs',
  })
})

test.each<[string, string]>([
  ['http://collector:4317', 'http://collector:4317/v1/logs'],
  ['grpc://collector', 'grpc://collector:4317'],
  ['grpc://[::1]:9', 'grpc://[::1]:9'],
  ['grpcs://127.0.0.1/', 'grpcs://127.0.0.1:4317'],
])('where code says %s, the environment has no say', (target, expected) => {
  expect(endpoints({ [GRPC]: 'grpc', [ENDPOINT]: 'http://other' }, target).logs).toBe(expected)
})

test('a sink for one protocol takes nothing else from it', () => {
  expect(endpoints({ [GRPC]: 'grpc' }, undefined, 'http').logs).toBe(
    'http://localhost:4318/v1/logs',
  )
  expect(endpoints({ [ENDPOINT]: 'http://c:1' }, undefined, 'grpc').logs).toBe('grpc://c:1')
  expect(endpoints({ [ENDPOINT]: 'grpc://c:1' }, undefined, 'http').logs).toBe(
    'http://localhost:4318/v1/logs',
  )
  expect(warnings).toEqual([expect.stringContaining('it is OTLP/gRPC')])
})

test.each([
  [GRPC, 'http/xml', "'http/xml' is none of"],
  [ENDPOINT, 'grpc://collector:4317/v1/traces', 'OTLP/gRPC has no path'],
  [ENDPOINT, 'grpc://', 'it names no host'],
])('%s=%s is warned of once and ignored', (name, value, warning) => {
  expect(endpoints({ [name]: value }).logs).toBe('http://localhost:4318/v1/logs')
  expect(warnings).toEqual([expect.stringContaining(warning)])
})

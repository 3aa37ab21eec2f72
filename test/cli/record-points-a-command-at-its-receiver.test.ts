// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { recordEnvironment } from '../../src/cli/record-environment'
import { UsageError } from '../../src/cli/usage-error'

const BOTH = { httpUrl: 'http://127.0.0.1:4001', grpcAddress: '127.0.0.1:4002' }
const HTTP = { ...BOTH, grpcAddress: undefined }
const GRPC = { ...BOTH, httpUrl: undefined }
const EVERYWHERE = { httpUrl: 'http://0.0.0.0:4001', grpcAddress: '[::]:4002' }

type Variables = Record<string, string>
/** Variables without `OTEL_EXPORTER_OTLP_` before their names. */
const POINTED: [given: Variables, at: Parameters<typeof recordEnvironment>[1], seen: Variables][] =
  [
    [{}, BOTH, { ENDPOINT: 'http://127.0.0.1:4001', PROTOCOL: 'http/protobuf' }],
    [{ PROTOCOL: '' }, BOTH, { ENDPOINT: 'http://127.0.0.1:4001', PROTOCOL: 'http/protobuf' }],
    [{}, GRPC, { ENDPOINT: 'http://127.0.0.1:4002', PROTOCOL: 'grpc' }],
    [{ PROTOCOL: 'grpc' }, BOTH, { ENDPOINT: 'http://127.0.0.1:4002', PROTOCOL: 'grpc' }],
    [{ PROTOCOL: 'http/json' }, HTTP, { ENDPOINT: 'http://127.0.0.1:4001', PROTOCOL: 'http/json' }],
    [
      { ENDPOINT: 'http://elsewhere:4318' },
      HTTP,
      { ENDPOINT: 'http://127.0.0.1:4001', PROTOCOL: 'http/protobuf' },
    ],
    [{}, EVERYWHERE, { ENDPOINT: 'http://127.0.0.1:4001', PROTOCOL: 'http/protobuf' }],
    [{ PROTOCOL: 'grpc' }, EVERYWHERE, { ENDPOINT: 'http://[::1]:4002', PROTOCOL: 'grpc' }],
    [
      { TRACES_ENDPOINT: 'http://elsewhere:4318/v1/traces' },
      BOTH,
      {
        ENDPOINT: 'http://127.0.0.1:4001',
        PROTOCOL: 'http/protobuf',
        TRACES_ENDPOINT: 'http://127.0.0.1:4001/v1/traces',
      },
    ],
    [
      { LOGS_PROTOCOL: 'grpc' },
      BOTH,
      {
        ENDPOINT: 'http://127.0.0.1:4001',
        PROTOCOL: 'http/protobuf',
        LOGS_PROTOCOL: 'grpc',
        LOGS_ENDPOINT: 'http://127.0.0.1:4002',
      },
    ],
    [
      { PROTOCOL: 'grpc', METRICS_PROTOCOL: 'http/json' },
      BOTH,
      {
        ENDPOINT: 'http://127.0.0.1:4002',
        PROTOCOL: 'grpc',
        METRICS_PROTOCOL: 'http/json',
        METRICS_ENDPOINT: 'http://127.0.0.1:4001/v1/metrics',
      },
    ],
  ]

const prefixed = (variables: Variables): Variables =>
  Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [`OTEL_EXPORTER_OTLP_${name}`, value]),
  )

describe('a recorded command', () => {
  test.each(POINTED)('with %j and %j sends to %j', (given, endpoints, seen) => {
    const environment = recordEnvironment({ ...prefixed(given), HOME: '/home' }, endpoints)
    expect(environment).toEqual({ ...prefixed(seen), HOME: '/home' })
  })

  test.each([
    [{ PROTOCOL: 'grpc' }, HTTP, /'grpc' \(OTEL_EXPORTER_OTLP_PROTOCOL\), but --grpc is off/],
    [
      { PROTOCOL: 'http/json' },
      GRPC,
      /'http\/json' \(OTEL_EXPORTER_OTLP_PROTOCOL\), but --http is off/,
    ],
    [{ LOGS_PROTOCOL: 'grpc' }, HTTP, /\(OTEL_EXPORTER_OTLP_LOGS_PROTOCOL\), but --grpc is off/],
  ])('with %j is refused by %j, which could not receive it', (given, endpoints, says) => {
    const attempt = (): unknown => recordEnvironment(prefixed(given), endpoints)
    expect(attempt).toThrow(UsageError)
    expect(attempt).toThrow(says)
  })
})

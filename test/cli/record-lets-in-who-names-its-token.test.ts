// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { recordAccessOf } from '../../src/cli/record-access'
import { recordEnvironment } from '../../src/cli/record-environment'
import { makeBatch } from '../support/recording'
import { withCertificates } from '../support/test-certificate'
import { makeFolder, parseLines, runCommand } from './command-line'
import { type RecordEvent, send, startRecord } from './record-running'

const TOKEN = 'bWFya2VkIHRva2Vu=='
const AT = { httpUrl: 'https://127.0.0.1:4001', grpcAddress: '127.0.0.1:4002', isSecure: true }

describe('a recorded command', () => {
  const variables = (given: Record<string, string>) => {
    const access = { bearerToken: [TOKEN, 'other'], certificatePath: '/cert.pem' }
    return recordEnvironment(given, AT, access)
  }

  test('is told of token and certificate, and of TLS by the endpoint', () => {
    expect(variables({})).toEqual({
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://127.0.0.1:4001',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20bWFya2VkIHRva2Vu%3D%3D',
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/cert.pem',
    })
    expect(variables({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://127.0.0.1:4002',
    })
  })

  test('keeps its other headers; for a signal of its own as well', () => {
    const seen = variables({
      OTEL_EXPORTER_OTLP_HEADERS: 'x-team=a,Authorization=Basic%20x , y=z',
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'x-team=b',
      OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: '/backend.pem',
    })
    const token = 'authorization=Bearer%20bWFya2VkIHRva2Vu%3D%3D'
    expect(seen).toMatchObject({
      OTEL_EXPORTER_OTLP_HEADERS: `x-team=a, y=z,${token}`,
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: `x-team=b,${token}`,
      OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: '/cert.pem',
    })
    expect(seen).not.toHaveProperty('OTEL_EXPORTER_OTLP_TRACES_HEADERS')
  })
})

test.each([
  [{ bearerTokenFile: '/nowhere/token' }, /^--bearer-token-file can't be read: .*\/nowhere\/token/],
  [{ bearerTokenFile: '/dev/null' }, /^--bearer-token-file '\/dev\/null' has to be a token/],
  [{ tlsCert: '/nowhere/cert.pem' }, /^--tls-key is missing/],
  [{ tlsClientCa: '/nowhere/ca.pem' }, /^--tls-cert is missing/],
  [
    { tlsCert: '/nowhere/cert.pem', tlsKey: 'k' },
    /^--tls-cert can't be read: .*\/nowhere\/cert.pem/,
  ],
])('what is wrong with %j is named', (options, message) => {
  expect(() => recordAccessOf(options)).toThrow(message)
})

const CHILD = `
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto')
const { BasicTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base')
const spanProcessors = [new SimpleSpanProcessor(new OTLPTraceExporter())]
const provider = new BasicTracerProvider({ spanProcessors })
provider.getTracer('t').startSpan('checkout').end()
provider.shutdown()
`

withCertificates(({ certPath, keyPath }) => {
  test('a command whose SDK knows nothing of it gets through token and TLS', async () => {
    await using folder = await makeFolder()
    const tokenFile = join(folder.path, 'token')
    writeFileSync(tokenFile, `${TOKEN}\n`)
    const { exitCode, stdout, stderr } = await runCommand(
      [
        ...['record', '--json', '--store', `file:${folder.path}/store`],
        ...['--write-ahead', `${folder.path}/ahead`, '--bearer-token-file', tokenFile],
        ...['--tls-cert', certPath, '--tls-key', keyPath],
        ...['--', process.execPath, '-e', CHILD],
      ],
      { PATH: process.env.PATH },
    )
    const events = parseLines<RecordEvent>(stdout)
    expect(events[0]).toMatchObject({
      event: 'listening',
      http: expect.stringMatching(/^https:/) as string,
      tls: true,
    })
    expect(events.at(-1)).toMatchObject({ event: 'stopped', sessions: [{ capturedTraces: 1 }] })
    expect(exitCode).toBe(0)
    expect(stdout + stderr).not.toContain(TOKEN)
  })
})

test('others are refused, and where it listens for all is warned of', async () => {
  await using folder = await makeFolder()
  const record = await startRecord(
    [
      ...['--store', `file:${folder.path}/store`, '--write-ahead', `${folder.path}/ahead`],
      ...['--http', '0.0.0.0:0', '--grpc', 'off'],
    ],
    { OTEL_TAPE_RECEIVER_TOKEN: TOKEN },
  )
  const url = record.listening.http?.replace('0.0.0.0', '127.0.0.1') ?? ''
  expect(await send(url, makeBatch('logs', { names: ['x'] }))).toBe(401)
  record.process.kill('SIGTERM')
  const { stdout, stderr } = await record.outcome
  expect(parseLines<RecordEvent>(stdout).at(-1)).toMatchObject({ refusedRequests: { 401: 1 } })
  const warned = stderr.split('\n').filter((line) => line.includes('warning'))
  expect(warned).toEqual([expect.stringMatching(/listening on 0\.0\.0\.0:\d+, .* without TLS/)])
  expect(stdout + stderr).not.toContain(TOKEN)
})

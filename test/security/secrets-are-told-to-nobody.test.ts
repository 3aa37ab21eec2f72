// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { inspect } from 'node:util'
import { diag } from '@opentelemetry/api'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { startCapture } from '../../src/capture/start-capture'
import { createOtlpReceiver } from '../../src/receive/create-otlp-receiver'
import type { OtlpReceiverOptions } from '../../src/receive/receiver-options'
import { startReplay } from '../../src/replay/start-replay'
import { FileStore } from '../../src/storage/file-store'
import { MemoryStore } from '../../src/storage/memory-store'
import { MinioStore } from '../../src/storage/minio-store'
import { openStore } from '../../src/storage/open-store'
import { startRecord } from '../cli/record-running'
import { makeTerminal, runInside } from '../cli/test-terminal'
import { makeBatch, recordSession } from '../support/recording'
import { type InProcessS3, startInProcessS3 } from '../support/s3/in-process-s3'
import { SECRETS, filesBelow, leaksIn, overhear } from './secrets'

const { urlUser, urlPassword, query, header, token, secretKey, sessionToken } = SECRETS
const CREDENTIALS = `${urlUser}:${urlPassword}@`
const kept = process.env
const heard = overhear()
const store = new MemoryStore()
const folder = mkdtempSync(join(tmpdir(), 'otel-tape-secrets-'))

/** A target that answers as its path says, and remembers what it was told. */
const told: string[] = []
const target = createServer((request, response) => {
  told.push(`${request.url} ${inspect(request.headers)}`)
  const status = Number(/status-(\d+)/.exec(request.url ?? '')?.[1])
  request.resume().on('end', () => {
    if (status === 0) request.socket.destroy()
    else if (status === 302) {
      response.writeHead(302, { location: `http://${CREDENTIALS}elsewhere/?key=${query}` }).end()
    } else response.writeHead(status).end()
  })
})
let targetPort: number
let s3: InProcessS3

beforeAll(async () => {
  target.listen(0, '127.0.0.1')
  await once(target, 'listening')
  targetPort = (target.address() as AddressInfo).port
  s3 = await startInProcessS3({ accessKey: 'access', secretKey })
  await recordSession(store, 'tape', [makeBatch('traces', { names: ['checkout'] })])
  const files = new FileStore(join(folder, 'store'))
  await recordSession(files, 'tape', [makeBatch('traces', { names: ['checkout'] })])
})
beforeEach(() => {
  process.env = { ...kept }
  overhear()
  heard.clear()
  told.length = 0
})
afterEach(() => {
  process.env = kept
})
afterAll(async () => {
  diag.disable()
  target.closeAllConnections()
  target.close()
  await s3.close()
  rmSync(folder, { recursive: true })
})

/** Does something, and expects that nothing of all that was said gives a secret away. */
async function expectDiscretion(work: () => unknown): Promise<void> {
  const ears = overhear()
  try {
    ears.tell(await work())
  } catch (error) {
    ears.tell(error)
  }
  expect(ears.text).not.toBe('')
  expect([leaksIn(ears.text), ears.text]).toEqual([[], ears.text])
}

const NOWHERE = 'http://127.0.0.1:1'

/** Should it start in spite of what it is given, it is stopped. */
async function startAndStop(options: OtlpReceiverOptions): Promise<unknown> {
  const elsewhere = { store, http: '127.0.0.1:0', grpc: 'off', ack: 'memory' } as const
  const receiver = await createOtlpReceiver({ ...elsewhere, ...options })
  return [receiver.status(), await receiver.stop()]
}

test('a secret is noticed wherever it stands', () => {
  const ears = overhear()
  const cause = Object.assign(new Error('x'), { config: { headers: [{ key: header }] } })
  ears.tell(new Error('outer', { cause }))
  diag.debug(`at http://${CREDENTIALS}host`, { token: [Buffer.from(token).toString('base64')] })
  expect(leaksIn(ears.text)).toEqual(['urlUser', 'urlPassword', 'header', 'token in base64'])
})

/** Addresses that hold what should not stand in an address. */
const ADDRESSES = [
  `http://${CREDENTIALS}host:4318`,
  `http://${CREDENTIALS}ho st:4318`,
  `http:${CREDENTIALS}host:4318`,
  `${CREDENTIALS}host:4318`,
  `ftp://${CREDENTIALS}host/a?key=${query}`,
  `grpc://${CREDENTIALS}host:4317`,
  `grpc://host:4317/path?key=${query}`,
  `host:4318?key=${query}`,
  `http://host:notaport/?key=${query}`,
  `s3://${CREDENTIALS}host/bucket`,
  `s3:${CREDENTIALS}host`,
  `s3://bucket/prefix?key=${query}`,
  `https://${CREDENTIALS}host/bucket`,
]

describe.each(ADDRESSES)('the address %s', (address) => {
  test.each<[string, () => unknown]>([
    ['a replay', () => startReplay({ sessionId: 'tape', store, targetEndpoint: address }).finished],
    ['forwarding', () => startAndStop({ forward: address })],
    ['a store', () => openStore(address).url.slice(0, 5)],
    ['an endpoint of S3', () => openStore('s3://b', { MINIO_ENDPOINT: address })],
    ['--to', () => runInside(['replay', 'tape', '--to', address])],
    [
      '--forward',
      () => runInside(['record', '--forward', address, '--http', '0', '--grpc', 'off']),
    ],
    ['--store', () => runInside(['sessions', '--store', address])],
    [
      'the environment',
      () => {
        process.env.OTEL_EXPORTER_OTLP_ENDPOINT = address
        process.env.REPLAY_DEFAULT_ENDPOINT = address
        process.env.OTEL_EXPORTER_OTLP_PROTOCOL = 'http/protobuf'
        const retry = { maxAttempts: 1, totalTimeoutMillis: 50 }
        return startReplay({ sessionId: 'tape', store, retry, timeoutMillis: 50 }).finished
      },
    ],
  ])('is not repeated by %s', async (_who, use) => {
    process.env.MINIO_ACCESS_KEY = 'access'
    process.env.MINIO_SECRET_KEY = secretKey
    process.env.OTEL_TAPE_DEBUG = '1'
    await expectDiscretion(use)
  })
})

test.each([200, 302, 401, 500, 503, 0])('a replay that is answered %d', async (status) => {
  const base = `http://127.0.0.1:${targetPort}/status-${status}`
  await expectDiscretion(async () => {
    const replay = startReplay({
      sessionId: 'tape',
      store,
      targetEndpoint: `${base}?key=${query}`,
      headers: { 'x-key': header, authorization: `Bearer ${token}` },
      retry: { maxAttempts: 2, initialDelayMillis: 1 },
      receipt: join(folder, `receipt-${status}`),
    })
    replay.on('progress', (progress) => heard.tell(progress))
    return replay.finished
  })
  expect(leaksIn(told.join())).toEqual(expect.arrayContaining(['query', 'header', 'token']))
  expect(leaksIn(filesBelow(folder))).toEqual([])
})

test.each(['http://127.0.0.1:1', 'grpc://127.0.0.1:1', 'https://127.0.0.1:1'])(
  'a replay to %s, where nobody is',
  async (base) => {
    const targetEndpoint = base.startsWith('grpc') ? base : `${base}?key=${query}`
    await expectDiscretion(
      () =>
        startReplay({
          sessionId: 'tape',
          store,
          targetEndpoint,
          headers: { 'x-key': header },
          retry: { maxAttempts: 2, initialDelayMillis: 1, totalTimeoutMillis: 500 },
        }).finished,
    )
  },
)

test.each<[string, object]>([
  ['a value that HTTP does not allow', { 'x-key': `${header}\n` }],
  ['a number', { 'x-key': header, other: Number.NaN }],
  ['no object', [header]],
  ['a text', `x-key=${header}` as unknown as object],
])('headers of which one is %s', async (_what, headers) => {
  const given = headers as Record<string, string>
  const retry = { maxAttempts: 1, totalTimeoutMillis: 50 }
  const replayed = { sessionId: 'tape', store, headers: given, retry }
  await expectDiscretion(() => startReplay(replayed).finished)
  await expectDiscretion(() => startAndStop({ forward: NOWHERE, forwardHeaders: given }))
})

test.each([
  ['OTEL_EXPORTER_OTLP_HEADERS', header],
  ['OTEL_EXPORTER_OTLP_HEADERS', `x-key=%zz${header}`],
  ['OTEL_EXPORTER_OTLP_HEADERS', `x key=${header}`],
  ['OTEL_EXPORTER_OTLP_CLIENT_KEY', `-----BEGIN PRIVATE KEY-----\n${header}`],
  ['OTEL_EXPORTER_OTLP_CLIENT_KEY', `${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC'.repeat(3)}${header}`],
  ['OTEL_TAPE_TLS_KEY', `-----BEGIN PRIVATE KEY-----\n${header}`],
  ['OTEL_TAPE_RECEIVER_TOKEN', `${token}\u00e9`],
])('%s=%s', async (variable, value) => {
  process.env[variable] = value
  process.env.OTEL_TAPE_TLS_CERT = variable.includes('TLS') ? '/nowhere/cert.pem' : undefined
  const options = { sessionId: 'tape', store, targetEndpoint: 'https://127.0.0.1:1' }
  const retry = { maxAttempts: 1, totalTimeoutMillis: 50 }
  await expectDiscretion(() => startReplay({ ...options, retry }).finished)
  if (variable.startsWith('OTEL_TAPE')) await expectDiscretion(() => startAndStop({}))
})

describe("the app's own exporter", () => {
  test.each([200, 302, 401, 500, 0])('that is answered %d', async (status) => {
    const spans = new InMemorySpanExporter()
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
    provider.getTracer('test').startSpan('checkout').end()
    const files = join(folder, `captured-${status}`)
    await expectDiscretion(async () => {
      const capture = startCapture({ sessionId: 'captured', store: new FileStore(files) })
      const exporter = capture.otlpExporters({
        url: `http://${CREDENTIALS}127.0.0.1:${targetPort}/status-${status}?key=${query}`,
        headers: { 'x-key': header },
        timeoutMillis: 300,
      }).traces
      const result = await new Promise((resolve) =>
        exporter.export(spans.getFinishedSpans(), resolve),
      )
      await exporter.shutdown()
      return [result, await capture.stop(), capture.status()]
    })
    expect(leaksIn(told.join())).toEqual(expect.arrayContaining(['query', 'header', 'credentials']))
    expect(leaksIn(filesBelow(files))).toEqual([])
  })
})

describe('a store', () => {
  const open = (more: object = {}): MinioStore =>
    new MinioStore({
      endpoint: s3.endpoint,
      accessKey: 'access',
      secretKey,
      sessionToken,
      bucket: 'recordings',
      timeoutMillis: 400,
      attemptTimeoutMillis: 100,
      initialDelayMillis: 1,
      ...more,
    })
  const use = async (opened: MinioStore): Promise<unknown> => {
    const { signal } = new AbortController()
    const outcomes = await Promise.allSettled([
      opened.put('x', Buffer.from('1'), { signal }),
      opened.get('y'),
      opened.check(),
      opened.list('').next(),
      once(opened.read('z').resume(), 'end'),
    ])
    const capture = startCapture({ sessionId: 'x', store: opened, flushIntervalMillis: 10 })
    await capture.ready.catch((error: unknown) => outcomes.push(error as never))
    outcomes.push((await capture.stop()) as never)
    await opened.close()
    return outcomes.map((outcome) => ('reason' in outcome ? outcome.reason : outcome) as unknown)
  }

  afterEach(() => (s3.faultFor = () => undefined))

  test.each<[string, () => unknown]>([
    ['that works', () => use(open())],
    ['that does not know the key', () => use(open({ secretKey: `${secretKey}-wrong` }))],
    ['where nobody is', () => use(open({ endpoint: 'http://127.0.0.1:1' }))],
    ['that speaks no TLS', () => use(open({ endpoint: s3.endpoint.replace('http', 'https') }))],
    ...[403, 503, 507].map((status): [string, () => unknown] => [
      `that answers ${status}`,
      () => {
        s3.faultFor = () => ({ kind: 'answer', status, code: 'SlowDown' })
        return use(open())
      },
    ]),
    [
      'that breaks the connection',
      () => {
        s3.faultFor = () => ({ kind: 'reset' })
        return use(open())
      },
    ],
    [
      'that keeps silent',
      () => {
        s3.faultFor = () => ({ kind: 'hang' })
        return use(open())
      },
    ],
    ['with a wrong option', () => open({ secretKey: [secretKey] })],
    ['with an unknown option', () => open({ secret: secretKey })],
    ['with no access key', () => open({ accessKey: '' })],
  ])('%s', async (_what, work) => {
    await expectDiscretion(work)
  })
})

async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000 && !isSo(); turn++) await wait(10)
  if (!isSo()) throw new Error('it never came to that')
}

test('a receiver that forwards to a target that refuses', async () => {
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, token)
  const stop = new AbortController()
  const { terminal, text } = makeTerminal({ signal: stop.signal })
  process.env.OTEL_TAPE_DEBUG = '1'
  const place = join(folder, 'received')
  const running = runInside(
    [
      ...['record', '--json', '--http', '127.0.0.1:0', '--grpc', 'off', '--session', 'x'],
      ...['--store', `file:${place}`, '--write-ahead', join(place, 'ahead')],
      ...['--forward', `http://127.0.0.1:${targetPort}/status-401?key=${query}`],
      ...['--header', `x-key=${header}`, '--bearer-token-file', tokenFile],
    ],
    {
      terminal,
      text,
      stdin: undefined as never,
      stdout: undefined as never,
      stderr: undefined as never,
    },
  )
  try {
    await until(() => text.stdout.includes('\n'))
    const { http } = JSON.parse(text.stdout.split('\n')[0]) as { http: string }
    for (const named of [token, `${token}-wrong`]) {
      await fetch(`${http}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf', authorization: `Bearer ${named}` },
        body: Buffer.from(makeBatch('traces', { names: ['x'] }).body),
      })
    }
    await until(() => text.stdout.includes('"failure"'))
  } finally {
    stop.abort()
  }
  const { exitCode, stdout, stderr } = await running
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('"missedItems":{"traces":1')])
  expect(leaksIn(told.join())).toEqual(['query', 'header'])
  expect([leaksIn(stdout + stderr), leaksIn(filesBelow(place))]).toEqual([[], []])
})

test.each([
  [['replay', 'tape', `--headr=x-key=${header}`]],
  [['replay', 'tape', '--header', header]],
  [['record', `--bearer-token=${token}`]],
  [['record', '--header', `x-key=${header}`]],
  [['sessions', `--secret-key=${secretKey}`]],
])('the command line %j', async (args) => {
  await expectDiscretion(() => runInside(args))
})

const testLinux = process.platform === 'linux' ? test : test.skip

testLinux('what other users see of a process', async () => {
  const record = await startRecord([
    ...['--http', '127.0.0.1:0', '--grpc', 'off', '--ack', 'memory'],
    ...['--store', `file:${join(folder, 'titled')}`],
    ...['--forward', `http://127.0.0.1:${targetPort}/status-200?key=${query}`],
    ...['--header', `x-key=${header}`],
  ])
  const seen = readFileSync(`/proc/${record.process.pid}/cmdline`, 'latin1')
  record.process.kill('SIGTERM')
  await record.outcome
  expect(leaksIn(seen)).toEqual([])
  expect(seen).toContain('otel-tape')
})

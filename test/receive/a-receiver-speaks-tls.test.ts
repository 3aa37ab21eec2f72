// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type SecureVersion, connect as connectTls } from 'node:tls'
import { inspect } from 'node:util'
import { Client, credentials } from '@grpc/grpc-js'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { createOtlpReceiver } from '../../src/receive/create-otlp-receiver'
import type { OtlpReceiver } from '../../src/receive/receiver'
import { resolveReceiverConfig } from '../../src/receive/receiver-config'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { makeBatch, recordSession } from '../support/recording'
import { withCertificates } from '../support/test-certificate'
import { ONE_SPAN, errorOf, exportBytes } from './grpc-fixture'
import { startReceiver, stopReceivers, temporaryFolder } from './receiving'

const kept = process.env

beforeEach(() => {
  process.env = { ...kept }
})
afterEach(async () => {
  process.env = kept
  await stopReceivers()
})

withCertificates((own, other) => {
  const tls = { cert: own.certPath, key: own.keyPath }

  const start = (options: object = {}): Promise<OtlpReceiver> =>
    startReceiver({ grpc: '127.0.0.1:0', store: new MemoryStore(), tls, ...options })

  const spansIn = (receiver: OtlpReceiver): number => receiver.status().received.traces.items

  /** Resolves with the status of a request that shows these certificates. */
  async function post({ httpUrl }: OtlpReceiver, shown: object = {}): Promise<number> {
    const sent = request(`${httpUrl}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      ca: own.cert,
      servername: 'localhost',
      agent: false,
      ...shown,
    })
    sent.end(ONE_SPAN)
    const [answer] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
    answer.resume()
    return answer.statusCode ?? 0
  }

  function grpcClient({ grpcAddress }: OtlpReceiver, key?: Buffer, cert?: Buffer): Client {
    const trusted = credentials.createSsl(own.cert, key ?? null, cert ?? null)
    return new Client(grpcAddress ?? '', trusted, { 'grpc.use_local_subchannel_pool': 1 })
  }

  test.each(['https', 'grpcs'])('to a replay, over %s', async (scheme) => {
    const receiver = await start()
    expect([receiver.isSecure, receiver.httpUrl]).toEqual([
      true,
      expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
    ])
    const store = new MemoryStore()
    await recordSession(store, 'x', [makeBatch('traces', { names: ['a', 'b'] })])
    process.env.OTEL_EXPORTER_OTLP_CERTIFICATE = own.certPath
    const targetEndpoint = scheme === 'https' ? receiver.httpUrl : `grpcs://${receiver.grpcAddress}`
    const replay = startReplay({ sessionId: 'x', store, targetEndpoint })
    expect(await replay.finished).toMatchObject({ sentRecords: 2, failedRecords: 0 })
    expect(spansIn(receiver)).toBe(2)
    const [session] = await receiver.stop()
    expect(session).toMatchObject({ status: 'completed', capturedTraces: 2 })
  })

  test("to the SDK's exporter", async () => {
    const receiver = await start()
    const exporter = new OTLPTraceExporter({
      url: `${receiver.httpUrl}/v1/traces`,
      httpAgentOptions: { ca: own.cert },
    })
    const provider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    })
    provider.getTracer('test').startSpan('checkout').end()
    await provider.shutdown()
    expect(spansIn(receiver)).toBe(1)
  })

  test('given as text, and over many connections and requests', async () => {
    const receiver = await start({ tls: { cert: own.cert.toString(), key: own.key } })
    const client = grpcClient(receiver)
    const calls = Array.from({ length: 20 }, () => exportBytes(client, 'traces', ONE_SPAN))
    await Promise.all([...calls, ...calls.map(() => post(receiver))])
    client.close()
    expect(spansIn(receiver)).toBe(40)
  })

  test('with client certificates: who shows none, or one of a stranger, is refused', async () => {
    const receiver = await start({ tls: { ...tls, clientCa: own.certPath } })
    await expect(post(receiver)).rejects.toThrow()
    await expect(post(receiver, { key: other.key, cert: other.cert })).rejects.toThrow()
    for (const client of [grpcClient(receiver), grpcClient(receiver, other.key, other.cert)]) {
      const deadline = Date.now() + 2_000
      const refused = errorOf(
        new Promise((_, reject) => {
          const asIs = (bytes: Buffer): Buffer => bytes
          client.makeUnaryRequest('/x/y', asIs, asIs, ONE_SPAN as Buffer, { deadline }, reject)
        }),
      )
      expect([4, 14]).toContain((await refused).code)
      client.close()
    }
    expect(spansIn(receiver)).toBe(0)
    expect(await post(receiver, { key: own.key, cert: own.cert })).toBe(200)
    const known = grpcClient(receiver, own.key, own.cert)
    await exportBytes(known, 'traces', ONE_SPAN)
    known.close()
    expect(spansIn(receiver)).toBe(2)
  })

  describe.each(['http', 'grpc'])('on its %s port', (which) => {
    const portOf = ({ httpUrl, grpcAddress }: OtlpReceiver): number =>
      Number((which === 'http' ? httpUrl : grpcAddress)?.split(':').at(-1))

    test.each<[SecureVersion, boolean]>([
      ['TLSv1.1', false],
      ['TLSv1.2', true],
      ['TLSv1.3', true],
    ])('%s: %p', async (version, isTaken) => {
      const receiver = await start()
      const socket = connectTls({
        port: portOf(receiver),
        host: '127.0.0.1',
        ca: own.cert,
        servername: 'localhost',
        ALPNProtocols: which === 'grpc' ? ['h2'] : undefined,
        minVersion: version,
        maxVersion: version,
        // Else OpenSSL would not even offer the old ones.
        ciphers: 'DEFAULT@SECLEVEL=0',
      })
      const outcome = await Promise.race([
        once(socket, 'secureConnect').then(() => true),
        once(socket, 'error').then(() => false),
      ]).catch(() => false)
      socket.destroy()
      expect(outcome).toBe(isTaken)
    })

    test('plain text is refused, and the next one served', async () => {
      const receiver = await start()
      const socket = connect(portOf(receiver), '127.0.0.1')
      socket.on('error', () => undefined).resume()
      socket.write('POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
      await once(socket, 'close')
      expect(await post(receiver)).toBe(200)
    })

    test('who never begins a handshake holds up no end', async () => {
      const receiver = await start({ stopTimeoutMillis: 15_000 })
      const socket = connect(portOf(receiver), '127.0.0.1')
      socket.on('error', () => undefined).resume()
      const closed = once(socket, 'close')
      await once(socket, 'connect')
      // Behind this one in the queue of connections: that one has been accepted when this is.
      await post(receiver)
      const begin = performance.now()
      await receiver.stop()
      await closed
      expect(performance.now() - begin).toBeLessThan(5_000)
    })
  })

  const write = async (name: string, text: string): Promise<string> => {
    const path = join(await temporaryFolder(), name)
    writeFileSync(path, text)
    return path
  }
  const bareKey = own.key
    .toString()
    .split('\n')
    .filter((line) => !line.startsWith('-----'))

  test.each<[string, () => unknown, RegExp]>([
    ['no object', () => own.certPath, /^tls has to be an object/],
    ['no certificate', () => ({ key: tls.key }), /^tls\.cert is missing/],
    ['no key', () => ({ cert: tls.cert }), /^tls\.key is missing/],
    ['another option', () => ({ ...tls, ca: 'x' }), /^tls\.ca is no option/],
    ['a number', () => ({ ...tls, key: 5 }), /^tls\.key has to be PEM, or the path/],
    ['an empty path', () => ({ ...tls, cert: '' }), /^tls\.cert has to be PEM/],
    [
      'no such file',
      () => ({ ...tls, key: '/no/key.pem' }),
      /^tls\.key can't be read: .*\/no\/key/,
    ],
    ['a folder', () => ({ ...tls, cert: '/' }), /^tls\.cert can't be read: EISDIR/],
    ['no PEM', () => ({ ...tls, cert: __filename }), /^tls\.cert holds no/],
    [
      'key for certificate',
      () => ({ ...tls, cert: own.keyPath }),
      /^tls\.cert holds no certificate/,
    ],
    [
      'certificate for key',
      () => ({ ...tls, key: own.certPath }),
      /^tls\.key holds no private key/,
    ],
    [
      'a key of another',
      () => ({ ...tls, key: other.key }),
      /^tls\.key does not belong to .* tls\.cert/,
    ],
    ['no authority', () => ({ ...tls, clientCa: own.key }), /^tls\.clientCa holds no certificate/],
    [
      'a key without its frame',
      () => ({ ...tls, key: bareKey.join('\n') }),
      /^tls\.key is neither/,
    ],
    ['the same in a line', () => ({ ...tls, key: bareKey.join('') }), /^tls\.key is neither/],
  ])('what is wrong is named at the start: %s', async (_what, make, message) => {
    const options = { http: '127.0.0.1:0', tls: make() as typeof tls }
    const error: unknown = await createOtlpReceiver(options).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ name: 'ReceiverError', reason: 'InvalidConfig' })
    expect((error as Error).message).toMatch(message)
    const shown = inspect(error, { depth: 10 })
    for (const line of bareKey.filter((text) => text.length > 8)) expect(shown).not.toContain(line)
  })

  test('what the environment names counts, unless the code says otherwise', async () => {
    process.env.OTEL_TAPE_TLS_CERT = own.certPath
    await expect(createOtlpReceiver()).rejects.toThrow(/^OTEL_TAPE_TLS_KEY is missing/)
    process.env.OTEL_TAPE_TLS_KEY = await write('key.pem', 'no key at all')
    await expect(createOtlpReceiver()).rejects.toThrow(/^OTEL_TAPE_TLS_KEY holds no PEM/)
    process.env.OTEL_TAPE_TLS_KEY = own.keyPath
    process.env.OTEL_TAPE_TLS_CLIENT_CA = other.certPath
    expect(resolveReceiverConfig({}).tls).toEqual({
      cert: own.cert,
      key: own.key,
      clientCa: other.cert,
    })
    expect(resolveReceiverConfig({ tls }).tls?.clientCa).toBeUndefined()
  })
})

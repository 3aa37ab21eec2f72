// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { ServerCredentials } from '@grpc/grpc-js'
import { startReplay } from '../../src/replay/start-replay'
import { MemoryStore } from '../../src/storage/memory-store'
import { makeBatch, recordSession } from '../support/recording'
import { withCertificates } from '../support/test-certificate'
import { openGrpcTarget } from './grpc-target'

const kept = process.env

beforeEach(() => {
  process.env = { ...kept }
})
afterEach(() => {
  process.env = kept
})

async function replayTo(targetEndpoint: string): Promise<unknown> {
  const store = new MemoryStore()
  await recordSession(store, 'tls', [makeBatch('traces', { names: ['x'] })])
  const retry = { maxAttempts: 2, initialDelayMillis: 1 }
  return startReplay({ sessionId: 'tls', store, targetEndpoint, retry }).finished
}

const arrived = { status: 'completed', sentRecords: 1, failedRecords: 0 }

withCertificates(({ key, cert, keyPath, certPath }) => {
  const openGrpc = (asksWhoIsThere = false) =>
    openGrpcTarget(undefined, {
      credentials: ServerCredentials.createSsl(
        asksWhoIsThere ? cert : null,
        [{ private_key: key, cert_chain: cert }],
        asksWhoIsThere,
      ),
    })

  async function openHttps() {
    const clients: PeerCertificate[] = []
    const server = createServer({
      key,
      cert,
      ca: cert,
      requestCert: true,
      rejectUnauthorized: false,
    })
    server.on('request', (request, response) => {
      clients.push((request.socket as TLSSocket).getPeerCertificate())
      request.resume().on('end', () => response.end())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return {
      clients,
      url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      [Symbol.asyncDispose]: async () => {
        server.close()
        server.closeAllConnections()
      },
    }
  }

  describe.each([
    ['grpcs://', openGrpc],
    ['https://', openHttps],
  ])('%s', (_scheme, open) => {
    test("an authority of one's own, when it is named", async () => {
      await using target = await open()
      process.env.OTEL_EXPORTER_OTLP_CERTIFICATE = certPath
      expect(await replayTo(target.url)).toMatchObject(arrived)
    })

    test('no one that the system does not know, else', async () => {
      await using target = await open()
      await expect(replayTo(target.url)).rejects.toMatchObject({
        reason: 'IngestionFailure',
        message: expect.stringMatching(/can't be reached: .*self.signed certificate/) as string,
      })
    })

    test('no plain text where TLS is spoken', async () => {
      await using target = await open()
      const plain = target.url.replace('s://', '://')
      await expect(replayTo(plain)).rejects.toMatchObject({ reason: 'IngestionFailure' })
    })
  })

  test('a client shows who it is, over gRPC', async () => {
    await using target = await openGrpc(true)
    process.env.OTEL_EXPORTER_OTLP_CERTIFICATE = certPath
    await expect(replayTo(target.url)).rejects.toMatchObject({ reason: 'IngestionFailure' })
    process.env.OTEL_EXPORTER_OTLP_CLIENT_KEY = keyPath
    process.env.OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE = certPath
    expect(await replayTo(target.url)).toMatchObject(arrived)
  })

  test('a client shows who it is, over HTTP', async () => {
    await using target = await openHttps()
    process.env.OTEL_EXPORTER_OTLP_CERTIFICATE = certPath
    process.env.OTEL_EXPORTER_OTLP_CLIENT_KEY = keyPath
    process.env.OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE = certPath
    expect(await replayTo(target.url)).toMatchObject(arrived)
    expect(target.clients[0].subject.CN).toBe('localhost')
  })

  test("a file that is not there warns and leaves the system's roots", async () => {
    await using target = await openGrpc()
    process.env.OTEL_EXPORTER_OTLP_CERTIFICATE = '/nowhere/ca.pem'
    await expect(replayTo(target.url)).rejects.toMatchObject({ reason: 'IngestionFailure' })
  })
})

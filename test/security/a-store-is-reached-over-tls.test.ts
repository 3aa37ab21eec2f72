// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { promisify } from 'node:util'
import { MinioStore } from '../../src/storage/minio-store'
import { type InProcessS3, startInProcessS3 } from '../support/s3/in-process-s3'
import { testServer } from '../support/s3/test-server'
import { type TestCertificate, withCertificates } from '../support/test-certificate'

let s3: InProcessS3

beforeAll(async () => {
  s3 = await startInProcessS3()
})
afterAll(() => s3.close())

/** Speaks TLS in front of a server that does not, byte for byte. */
async function startTlsInFront(endpoint: string, { key, cert }: TestCertificate) {
  const { hostname, port } = new URL(endpoint)
  const server = createServer({ key, cert }, (socket) => {
    const behind = connect(Number(port), hostname)
    socket.pipe(behind).pipe(socket)
    socket.on('error', () => behind.destroy()).on('close', () => behind.destroy())
    behind.on('error', () => socket.destroy()).on('close', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}

const run = promisify(execFile)

/** In a process of its own: whom to trust is read from the environment when Node.js starts. */
async function useStore(options: object, trusted: string): Promise<string> {
  const runner = join(__dirname, '../support/register-typescript.cjs')
  const script = join(__dirname, 'children/use-a-store.ts')
  const env = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: trusted }
  const parameters = ['--require', runner, script, JSON.stringify(options)]
  return (await run(process.execPath, parameters, { env })).stdout
}

withCertificates((certificate) => {
  test.each([
    ['in this process', () => s3],
    ["of this run's tests", testServer],
  ])('the server %s: what is put there is there', async (_which, find) => {
    const { endpoint, accessKey, secretKey } = find()
    await using front = await startTlsInFront(endpoint, certificate)
    const bucket = `otel-tape-tls-${process.pid}`
    const options = { endpoint: front.endpoint, accessKey, secretKey, bucket }
    expect(await useStore(options, certificate.certPath)).toBe('all of it is there\n')
    const plain = new MinioStore({ ...options, endpoint })
    expect(Buffer.from((await plain.get('sessions/x/large')).body)).toEqual(
      Buffer.alloc(1_000_000, 'otel-tape'),
    )
    for await (const { key } of plain.list('')) await plain.delete(key)
    await plain.close()
  })

  test('a body is not hashed twice: its signature leaves it to TLS', () => {
    const puts = s3.requests.filter(({ method, key }) => method === 'PUT' && key !== '')
    expect(puts.length).toBeGreaterThan(2)
    for (const { headers } of puts) {
      expect(headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD')
    }
  })

  test('a server that nobody vouches for is told nothing', async () => {
    await using front = await startTlsInFront(s3.endpoint, certificate)
    const seen = s3.requests.length
    const { accessKey, secretKey } = s3
    const store = new MinioStore({ endpoint: front.endpoint, accessKey, secretKey, bucket: 'tls' })
    await expect(store.put('x', Buffer.from('1'))).rejects.toMatchObject({
      code: 'FAILED',
      message: expect.stringMatching(/self.signed certificate/) as string,
    })
    await store.close()
    expect(s3.requests).toHaveLength(seen)
  })
})

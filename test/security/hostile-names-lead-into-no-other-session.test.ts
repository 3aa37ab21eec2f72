// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCapture } from '../../src/capture/start-capture'
import { createOtlpReceiver } from '../../src/receive/create-otlp-receiver'
import { startReplay } from '../../src/replay/start-replay'
import { listSessions, loadSession, removeSession } from '../../src/session/catalogue'
import { FileStore } from '../../src/storage/file-store'
import { MemoryStore } from '../../src/storage/memory-store'
import { MinioStore } from '../../src/storage/minio-store'
import { assertWindowsKey } from '../../src/storage/object-key'
import { expectCode, keysOf } from '../support/store-conformance'
import { requestFromJson } from '../../src/otlp/json-to-protobuf'
import { makeBatch, recordSession } from '../support/recording'

const HOSTILE_IDS = [
  '',
  '.',
  '..',
  '../x',
  'a/../../x',
  '/etc/passwd',
  'a/b',
  'a\\b',
  '..\\x',
  'C:x',
  'a:b',
  'a\0b',
  'a\nb',
  ' a',
  'a ',
  '%2e%2e',
  '-rf',
  '.hidden',
  'a\u0301', // An accent of its own, and below the letter that has it.
  '\u00e1',
  '\u2025',
  '\uff0e\uff0e\uff0fx',
  'a'.repeat(129),
  'a'.repeat(10_000),
]

describe.each(HOSTILE_IDS)('the session id %j', (sessionId) => {
  test('is refused by all that make a session of it', async () => {
    const store = new MemoryStore()
    expect(() => startCapture({ sessionId, store })).toThrow(
      expect.objectContaining({ reason: 'InvalidConfig' }) as Error,
    )
    await expect(
      createOtlpReceiver({ sessionId, store, http: '127.0.0.1:0', grpc: 'off' }),
    ).rejects.toMatchObject({ reason: 'InvalidConfig' })
    await expect(removeSession(store, sessionId)).rejects.toMatchObject({
      code: expect.stringMatching(/^(INVALID_SESSION_ID|SESSION_NOT_FOUND)$/) as string,
    })
  })

  test('finds nothing to replay', async () => {
    const start = async () => startReplay({ sessionId, store: new MemoryStore() }).finished
    await expect(start()).rejects.toMatchObject({
      reason: expect.stringMatching(/^(InvalidConfig|SessionNotFound)$/) as string,
    })
  })
})

test('an attribute that names a session opens none by a hostile name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otel-tape-names-'))
  const store = new FileStore(join(folder, 'store'))
  const receiver = await createOtlpReceiver({
    store,
    sessionId: 'rest',
    sessionBy: 'session',
    http: '127.0.0.1:0',
    grpc: 'off',
    writeAheadFolder: join(folder, 'ahead'),
  })
  const named = HOSTILE_IDS.filter((id) => id !== '')
  const body = requestFromJson(
    {
      resourceLogs: [...named, 'fine'].map((stringValue) => ({
        resource: { attributes: [{ key: 'session', value: { stringValue } }] },
        scopeLogs: [{ logRecords: [{ body: { stringValue: 'x' } }] }],
      })),
    },
    'logs',
  )
  const answer = await fetch(`${receiver.httpUrl}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: Buffer.from(body),
  })
  expect(answer.status).toBe(200)
  expect(receiver.status().rejectedItems).toBe(named.length)
  await receiver.stop()
  expect(await readdir(folder)).toEqual(expect.arrayContaining(['ahead', 'store']))
  expect(await readdir(folder)).toHaveLength(2)
  expect((await readdir(join(folder, 'store/sessions'))).sort()).toEqual(['fine', 'rest'])
  await rm(folder, { recursive: true })
})

test.each([
  ['another session', 'b', 'sessions/b/'],
  ['nothing at all', '../../x', '../../'],
  ['the whole store', '.', ''],
])(
  'metadata that names %s is of the session that it lies in',
  async (_what, sessionId, s3Prefix) => {
    const store = new MemoryStore()
    for (const id of ['a', 'b'])
      await recordSession(store, id, [makeBatch('logs', { names: [id] })])
    const { body } = await store.get('sessions/a/metadata.json')
    const forged = { ...(JSON.parse(Buffer.from(body).toString()) as object), sessionId, s3Prefix }
    await store.put('sessions/a/metadata.json', Buffer.from(JSON.stringify(forged)))
    const own = { sessionId: 'a', s3Prefix: 'sessions/a/' }
    expect(await loadSession(store, 'a')).toMatchObject(own)
    const listed: string[] = []
    for await (const session of listSessions(store)) listed.push(session.sessionId)
    expect(listed).toEqual(['a', 'b'])
    await removeSession(store, 'a')
    expect((await keysOf(store.list(''))).filter((key) => !key.startsWith('sessions/b/'))).toEqual(
      [],
    )
  },
)

/** An S3 server that lists what it likes. */
async function startLyingServer(listed: readonly string[], folders: readonly string[] = []) {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${decodeURIComponent(request.url?.split('?')[0] ?? '')}`)
    const isListing = request.url?.includes('list-type') ?? false
    if (request.method === 'HEAD') {
      response.writeHead(200, { etag: '"x"', 'content-length': 5 }).end()
      return
    }
    const objects = listed.map(
      (key) =>
        `<Contents><Key>${encodeURIComponent(key)}</Key><Size>5</Size><ETag>"x"</ETag>` +
        '<LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>',
    )
    const prefixes = folders.map(
      (folder) => `<CommonPrefixes><Prefix>${encodeURIComponent(folder)}</Prefix></CommonPrefixes>`,
    )
    const xml = `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${[...objects, ...prefixes].join('')}</ListBucketResult>`
    response.end(isListing ? xml : undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const store = new MinioStore({
    endpoint: `http://127.0.0.1:${port}`,
    accessKey: 'key',
    secretKey: 'secret',
    bucket: 'recordings',
    prefix: 'team',
  })
  return {
    store,
    requests,
    [Symbol.asyncDispose]: async () => {
      await store.close()
      server.close()
      server.closeAllConnections()
    },
  }
}

const ABROAD = [
  '../../x',
  '/etc/passwd',
  'x',
  'team/sessions/b/metadata.json',
  'team2/sessions/a/x',
  'sessions/a/metadata.json',
  '',
]

test.each(ABROAD)('a server that lists %j is not believed', async (key) => {
  await using lying = await startLyingServer(['team/sessions/a/raw/one', key])
  await expectCode(keysOf(lying.store.list('sessions/a/')), 'FAILED', 'sessions/a/')
  await expect(removeSession(lying.store, 'a')).rejects.toMatchObject({ code: 'FAILED' })
  const removed = lying.requests.filter((request) => request.startsWith('DELETE'))
  expect(removed).toEqual(['DELETE /recordings/team/sessions/a/raw/one'])
})

test('nor one that lists folders elsewhere', async () => {
  await using lying = await startLyingServer([], ['team/sessions/a/', 'other/'])
  await expect(
    (async () => {
      for await (const folder of lying.store.listFolders('sessions/')) expect(folder).toBeDefined()
    })(),
  ).rejects.toMatchObject({ code: 'FAILED' })
})

test('what no operation takes is not listed', async () => {
  const below = ['', '../b/x', 'raw//x', './x', 'raw/', 'a\\b', 'a\0b', 'fine', 'x'.repeat(300)]
  await using lying = await startLyingServer(
    below.map((name) => `team/sessions/a/${name}`),
    ['team/sessions/a/../', 'team/sessions/a/fine/', 'team/sessions/a//'],
  )
  expect(await keysOf(lying.store.list('sessions/a/'))).toEqual(['sessions/a/fine'])
  const folders: string[] = []
  for await (const folder of lying.store.listFolders('sessions/a/')) folders.push(folder)
  expect(folders).toEqual(['sessions/a/fine/'])
})

test.each([
  'con',
  'sessions/NUL/metadata.json',
  'aux.txt',
  'x/Com1',
  'lpt¹.log',
  'nul .txt',
  'CONIN$',
  'a:b',
  'C:/x',
  'sessions/a./x',
  'a /x',
  'a?b',
  'a*',
  'a|b',
  '<a>',
  'a"b',
  'a\tb',
])('on Windows %j names no object', (key) => {
  expect(() => assertWindowsKey(key)).toThrow(
    expect.objectContaining({ code: 'INVALID_KEY', key }) as Error,
  )
})

test.each(['sessions/console/x', 'a.b/c-d_e', 'null', 'com', 'com10', '.pending', 'é/日本'])(
  'on Windows %j does',
  (key) => {
    expect(() => assertWindowsKey(key)).not.toThrow()
  },
)

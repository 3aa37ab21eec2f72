// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type FaultStore, startFaultStore } from '../support/s3/fault-store'
import type { S3Fault } from '../support/s3/in-process-s3'
import { testBucket } from '../support/s3/test-bucket'
import { all, expectCode } from '../support/store-conformance'

let under: FaultStore

beforeEach(async () => {
  under = await startFaultStore()
  await under.store.put('folder/object', Buffer.from('content'))
  under.s3.requests.length = 0
})

afterEach(() => under.stop())

const answer = (status: number, code?: string): S3Fault => ({ kind: 'answer', status, code })

const OPERATIONS: [string, () => Promise<unknown>][] = [
  ['put', () => under.store.put('folder/object', Buffer.from('content'))],
  ['get', () => under.store.get('folder/object')],
  ['read', () => buffer(under.store.read('folder/object'))],
  ['head', () => under.store.head('folder/object')],
  ['list', () => all(under.store.list('folder/'))],
  ['listFolders', () => all(under.store.listFolders(''))],
  ['delete', () => under.store.delete('folder/object')],
]

describe.each(OPERATIONS)('%s', (_, operation) => {
  it.each<[string, S3Fault]>([
    ['500', answer(500, 'InternalError')],
    ['502', answer(502)],
    ['503', answer(503, 'SlowDown')],
    ['504', answer(504)],
    ['429', answer(429, 'TooManyRequests')],
    ['408', answer(408)],
    ['409 of a conflict', answer(409, 'ConditionalRequestConflict')],
    ['a reset connection', { kind: 'reset' }],
    ['a lost answer', { kind: 'lose-response' }],
    ['silence', { kind: 'hang' }],
  ])('is attempted again after %s', async (_name, fault) => {
    under.failNext(() => true, fault, fault)
    await operation()
    expect(under.s3.requests).toHaveLength(3)
  })

  it.each<[string, S3Fault, string]>([
    ['403', answer(403, 'AccessDenied'), 'ACCESS_DENIED'],
    ['401', answer(401), 'ACCESS_DENIED'],
    ['an expired token', answer(400, 'ExpiredToken'), 'ACCESS_DENIED'],
    ['404 of a user who is not known', answer(404, 'XAdminUserNotFound'), 'ACCESS_DENIED'],
    ['404 of something that is no S3', answer(404, 'not an answer of S3'), 'FAILED'],
    ['400', answer(400, 'InvalidArgument'), 'FAILED'],
    ['301 of a wrong region', answer(301, 'PermanentRedirect'), 'FAILED'],
    ['501', answer(501, 'NotImplemented'), 'UNAVAILABLE'],
    ['507', answer(507, 'XMinioStorageFull'), 'FULL'],
    ['a quota', answer(400, 'XMinioAdminBucketQuotaExceeded'), 'FULL'],
  ])('is given up after %s', async (_name, fault, code) => {
    under.failNext(() => true, fault)
    await expectCode(operation(), code as 'FAILED')
    expect(under.s3.requests).toHaveLength(1)
  })
})

it('says what the last answer was when the server stays unavailable', async () => {
  const store = under.open({ timeoutMillis: 300, initialDelayMillis: 50 })
  under.s3.faultFor = () => answer(503, 'SlowDown')
  const error = await expectCode(store.put('object', Buffer.from('x')), 'UNAVAILABLE', 'object')
  expect(error.message).toContain('503 SlowDown')
  expect(error.message).toContain(under.s3.endpoint)
  expect(under.s3.requests.length).toBeGreaterThan(1)
})

it('waits as long as the server asks, or not at all if that is too long', async () => {
  const header = (seconds: string): S3Fault => ({
    kind: 'answer',
    status: 503,
    headers: { 'retry-after': seconds },
  })
  under.failNext(() => true, header('1'))
  const startedAt = performance.now()
  await under.store.get('folder/object')
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990)

  under.failNext(() => true, header('3600'))
  await expectCode(under.store.get('folder/object'), 'UNAVAILABLE')
})

it('signs every attempt anew, on what the attempt says', async () => {
  under.failNext(() => true, answer(503), { kind: 'reset' })
  const body = randomBytes(100_000)
  await under.store.put('special + key', body)
  const stored = await under.store.get('special + key')
  expect(Buffer.compare(stored.body, body)).toBe(0)
})

it('gives up a check after three attempts, as somebody is waiting', async () => {
  under.s3.faultFor = () => answer(503)
  await expectCode(under.store.check(), 'UNAVAILABLE')
  expect(under.s3.requests).toHaveLength(3)
})

it('takes no endpoint for an empty store', async () => {
  const nowhere = under.open({ endpoint: 'http://127.0.0.1:9', timeoutMillis: 200 })
  await expectCode(all(nowhere.list('')), 'UNAVAILABLE')
  const error = await expectCode(nowhere.check(), 'UNAVAILABLE')
  expect(error.message).toContain('ECONNREFUSED')
  const nobody = under.open({ endpoint: 'http://nobody.invalid', timeoutMillis: 200 })
  await expectCode(nobody.head('object'), 'UNAVAILABLE', 'object')
})

it('takes no page of a proxy for an empty listing', async () => {
  const proxy = createServer((_, response) => {
    response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Nothing here</h1>')
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const { port } = proxy.address() as AddressInfo
  const wrong = under.open({ endpoint: `http://127.0.0.1:${port}` })
  await expectCode(all(wrong.list('')), 'FAILED')
  await expectCode(wrong.get('object'), 'FAILED', 'object')
  await wrong.close()
  proxy.close()

  under.failNext(() => true, { kind: 'answer', status: 200 })
  await expectCode(all(under.store.list('')), 'FAILED')
})

describe('on a real server', () => {
  const bucket = testBucket()
  afterAll(() => bucket.remove())

  it.each<[string, { accessKey?: string; secretKey?: string }]>([
    ['a wrong secret key', { secretKey: 'wrong-secret-key' }],
    ['a wrong access key', { accessKey: 'wrong-access-key' }],
  ])('denies %s at once, whatever the size', async (_, wrong) => {
    const store = bucket.open(wrong)
    await expectCode(store.put('small', Buffer.from('x')), 'ACCESS_DENIED', 'small')
    await expectCode(store.put('large', randomBytes(8_000_000)), 'ACCESS_DENIED', 'large')
    await expectCode(store.get('small'), 'ACCESS_DENIED', 'small')
    await expectCode(all(store.list('')), 'ACCESS_DENIED', '')
    const error = await expectCode(store.check(), 'ACCESS_DENIED')
    expect(error.message).not.toContain(wrong.secretKey ?? bucket.options.secretKey)
  })
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FileStore } from '../../src/storage/file-store'
import { MemoryStore } from '../../src/storage/memory-store'
import { MinioStore } from '../../src/storage/minio-store'
import { openStore } from '../../src/storage/open-store'
import { StorageError } from '../../src/storage/storage-error'

const MINIO = {
  MINIO_ENDPOINT: 'localhost:9000',
  MINIO_ACCESS_KEY: 'the-access-key',
  MINIO_SECRET_KEY: 'the-secret-key',
}

describe('folders', () => {
  it.each([
    ['file:./some/folder', './some/folder'],
    ['file:some/folder', 'some/folder'],
    ['file:/absolute/50%25', '/absolute/50%25'],
    ['file:///absolute/with%20space', '/absolute/with space'],
    [pathToFileURL(resolve('umläut folder')).href, 'umläut folder'],
    ['./some/folder', './some/folder'],
    ['some/folder', 'some/folder'],
    ['/absolute', '/absolute'],
    ['.', '.'],
  ])('%s', (url, path) => {
    const store = openStore(url, {})
    expect(store).toBeInstanceOf(FileStore)
    expect(store.url).toBe(`file:${resolve(path)}`)
    expect(openStore(store.url, {}).url).toBe(store.url)
  })
})

describe('memory', () => {
  it('is its own without a name, and shared by name', async () => {
    const fresh = openStore('memory:', {})
    expect(fresh).toBeInstanceOf(MemoryStore)
    await fresh.put('key', Buffer.from('x'))
    expect(await openStore('memory:', {}).head('key')).toBeUndefined()

    const named = openStore('memory:shared', {})
    await named.put('key', Buffer.from('x'))
    await named.close()
    expect(await openStore('memory:shared', {}).head('key')).toMatchObject({ sizeBytes: 1 })
  })
})

describe('S3', () => {
  it.each([
    ['s3://recordings', {}, 's3://recordings'],
    ['s3://recordings/', {}, 's3://recordings'],
    ['s3://recordings/some/prefix/', {}, 's3://recordings/some/prefix'],
    ['s3://recordings', { MINIO_BUCKET: 'other' }, 's3://recordings'],
    ['s3://', { MINIO_BUCKET: 'from-variable' }, 's3://from-variable'],
    ['s3:///prefix', { MINIO_BUCKET: 'from-variable' }, 's3://from-variable/prefix'],
    ['s3:', {}, 's3://otel-tape'],
  ])('%s with %j', (url, environment, expected) => {
    const store = openStore(url, { ...MINIO, ...environment })
    expect(store).toBeInstanceOf(MinioStore)
    expect(store.url).toBe(expected)
  })

  it.each([
    'http://minio:9000',
    'https://s3.example.com',
    'minio',
    'minio:9000',
    'http://[::1]:9000/',
  ])('takes the endpoint %s', (MINIO_ENDPOINT) => {
    expect(openStore('s3://recordings', { ...MINIO, MINIO_ENDPOINT })).toBeInstanceOf(MinioStore)
  })

  it('takes the variables of AWS where those of MinIO are missing', () => {
    const environment = {
      AWS_ENDPOINT_URL: 'http://localhost:9000',
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token',
      AWS_REGION: 'eu-central-1',
    }
    expect(openStore('s3://recordings', environment).url).toBe('s3://recordings')
    const withoutEndpoint = { ...environment, AWS_ENDPOINT_URL: undefined }
    expect(openStore('s3://recordings', withoutEndpoint).url).toBe('s3://recordings')
  })
})

describe('no URL', () => {
  it.each([
    [{}, `file:${resolve('.otel-tape')}`],
    [{ OTEL_TAPE_STORE: 'memory:' }, 'memory:'],
    [{ ...MINIO, MINIO_BUCKET: 'recordings' }, 's3://recordings'],
    [MINIO, 's3://otel-tape'],
    [{ ...MINIO, OTEL_TAPE_STORE: 'file:./x' }, `file:${resolve('x')}`],
    [{ OTEL_TAPE_STORE: '', MINIO_ENDPOINT: '' }, `file:${resolve('.otel-tape')}`],
  ])('with %j', (environment, expected) => {
    expect(openStore(undefined, environment).url).toBe(expected)
    expect(openStore('', environment).url).toBe(expected)
  })
})

describe('what is refused, with what is wrong and no secret', () => {
  it.each<[string, Record<string, string | undefined>, string]>([
    ['http://localhost:9000/bucket', MINIO, `'http:'`],
    ['gs://bucket', MINIO, `'gs:'`],
    ['file:', {}, 'names no folder'],
    ['file://remote/folder', {}, 'file:./folder'],
    ['s3://bucket', { ...MINIO, MINIO_ENDPOINT: undefined }, 'MINIO_ENDPOINT is not set'],
    ['s3://bucket', { ...MINIO, MINIO_ACCESS_KEY: '' }, 'MINIO_ACCESS_KEY is not set'],
    ['s3://bucket', { ...MINIO, MINIO_SECRET_KEY: '' }, 'MINIO_SECRET_KEY is not set'],
    ['s3://bucket', { ...MINIO, MINIO_ENDPOINT: 'ftp://localhost' }, 'is no endpoint'],
    ['s3://bucket', { ...MINIO, MINIO_ENDPOINT: 'http://localhost:9000/path' }, 'must end after'],
    ['s3://bucket', { ...MINIO, MINIO_ENDPOINT: 'http://me:s3cr3t@localhost' }, 'credentials'],
    ['s3://bucket', { ...MINIO, MINIO_ENDPOINT: 'me:s3cr3t@localhost:9000' }, 'credentials'],
    ['s3://bucket', { ...MINIO, MINIO_ENDPOINT: 'http://localhost/?k=s3cr3t' }, 'no parameters'],
    ['s3://me:s3cr3t@bucket', MINIO, 'credentials'],
    ['s3://me:s3/cr3t@bucket', MINIO, 'credentials'],
    ['s3://localhost:9000/bucket', MINIO, 'MINIO_ENDPOINT'],
    ['s3://bucket?secretKey=s3cr3t', MINIO, 'no parameters'],
    ['s3:bucket', MINIO, 's3://'],
    ['s3://Bucket', MINIO, `'Bucket' is no bucket name`],
    ['s3://b', MINIO, 'is no bucket name'],
    ['s3://192.168.0.1', MINIO, 'is no bucket name'],
    ['s3://bucket/a/../b', MINIO, 'Bad prefix'],
    ['s3://bucket/a//b', MINIO, 'Bad prefix'],
  ])('%s with %j', (url, environment, expected) => {
    let thrown: unknown
    try {
      openStore(url, environment)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(StorageError)
    expect(thrown).toMatchObject({ code: 'INVALID_URL' })
    const { message } = thrown as StorageError
    expect(message).toContain(expected)
    expect(message).not.toMatch(/s3cr3t|cr3t|the-secret-key|the-access-key/)
  })
})

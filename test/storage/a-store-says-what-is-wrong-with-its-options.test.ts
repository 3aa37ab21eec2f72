// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { FileStore } from '../../src/storage/file-store'
import { MinioStore } from '../../src/storage/minio-store'
import { openStore } from '../../src/storage/open-store'
import { StorageError } from '../../src/storage/storage-error'

const MINIO = {
  endpoint: 'http://localhost:9000',
  accessKey: 's3cr3t-access',
  secretKey: 's3cr3t',
  bucket: 'recordings',
}

/** As a program in JavaScript calls it, which no type holds back. */
const minio = (options?: unknown) => () => new MinioStore(options as never)
const minioWith = (options: object) => minio({ ...MINIO, ...options })
const file = (root?: unknown) => () => new FileStore(root as never)

it.each<[string, () => unknown, string[]]>([
  ['no options', minio(), ['endpoint, bucket, accessKey, secretKey', 'got undefined']],
  ['null', minio(null), ['an object', 'got null']],
  ['a text for options', minio('s3://x'), ['an object', 'got "s3://x"']],
  ['empty options', minio({}), ['endpoint', 'http://localhost:9000', 'got undefined']],
  ['an endpoint of 9000', minioWith({ endpoint: 9000 }), ['option endpoint', 'got 9000']],
  ['no bucket', minioWith({ bucket: undefined }), ['option bucket', 'got undefined']],
  ['no accessKey', minioWith({ accessKey: undefined }), ['option accessKey', 'got undefined']],
  ['a secret of 53', minioWith({ secretKey: 53 }), ['option secretKey', 'type number']],
  ['a token of bytes', minioWith({ sessionToken: Buffer.of(1) }), ['sessionToken', 'type object']],
  ['a prefix of 1', minioWith({ prefix: 1 }), ['option prefix', 'got 1']],
  ['a region of true', minioWith({ region: true }), ['option region', 'got true']],
  ['a limit of text', minioWith({ timeoutMillis: '5s' }), ['timeoutMillis', 'above 0', 'got "5s"']],
  ['no sockets', minioWith({ maxSockets: 0 }), ['option maxSockets', 'above 0', 'got 0']],
  ['an unknown option', minioWith({ endPoint: 's3cr3t' }), [`no option 'endPoint'`, 'endpoint,']],
  ['no folder', file(), ['path of a folder', './recordings', 'got undefined']],
  ['an empty folder', file(''), ['path of a folder', 'got ""']],
  ['a folder of options', file({ root: 's3cr3t' }), ['path of a folder', 'type object']],
  ['a file URL', file('file:./x'), [`'file:'`, 'openStore', 'plain path']],
  ['a file URL with //', file('FILE:///x'), [`'FILE:'`, 'openStore']],
  ['another URL', file('s3://me:s3cr3t@bucket'), [`'s3:'`, 'openStore']],
  ['a number for a URL', () => openStore(5 as never), ['must be a string', 'got 5']],
  ['null for a URL', () => openStore(null as never), ['must be a string', 'got null']],
  ['an object for a URL', () => openStore({ s3cr3t: 1 } as never), ['file:./folder', 'object']],
])('%s', (_, open, parts) => {
  let thrown: unknown
  try {
    open()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(StorageError)
  expect(thrown).toMatchObject({ code: 'INVALID_URL' })
  const { message } = thrown as StorageError
  for (const part of parts) expect(message).toContain(part)
  expect(message).not.toContain('s3cr3t')
})

it('a folder may have a colon in its name', () => {
  expect(new FileStore('./file:').url).toMatch(/file:$/)
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto'

export interface S3Object {
  readonly body: Buffer
  readonly etag: string
  readonly lastModified: Date
  readonly metadata: Readonly<Record<string, string>>
}

export type S3Objects = Map<string, S3Object>

/** An answer of S3, before it is sent. */
export interface S3Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | number>>
  readonly body?: Buffer | string
}

export function s3Error(status: number, code: string, message = code): S3Answer {
  return {
    status,
    // The code in a header too, as MinIO does: an answer to HEAD has no body.
    headers: { 'content-type': 'application/xml', 'x-minio-error-code': code },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  }
}

export interface S3Put {
  readonly body: Buffer
  readonly headers: NodeJS.Dict<string | string[]>
}

/** PutObject with If-None-Match: * and If-Match, checked and done in one step. */
export function putObject(objects: S3Objects, key: string, { body, headers }: S3Put): S3Answer {
  const current = objects.get(key)
  const md5 = createHash('md5').update(body)
  if (headers['content-md5'] && headers['content-md5'] !== md5.copy().digest('base64')) {
    return s3Error(400, 'BadDigest')
  }
  if (headers['if-none-match'] === '*' && current) return s3Error(412, 'PreconditionFailed')
  const ifMatch = headers['if-match']
  if (typeof ifMatch === 'string') {
    if (!current) return s3Error(404, 'NoSuchKey')
    if (ifMatch.replaceAll('"', '') !== current.etag) return s3Error(412, 'PreconditionFailed')
  }
  const metadata = Object.fromEntries(
    Object.entries(headers).filter(
      (header): header is [string, string] =>
        header[0].startsWith('x-amz-meta-') && typeof header[1] === 'string',
    ),
  )
  const etag = md5.digest('hex')
  objects.set(key, { body, etag, lastModified: new Date(), metadata })
  return { status: 200, headers: { etag: `"${etag}"` } }
}

/** GetObject and HeadObject with a range `bytes=a-` or `bytes=a-b`. */
export function getObject(objects: S3Objects, key: string, range: string | undefined): S3Answer {
  const object = objects.get(key)
  if (!object) return s3Error(404, 'NoSuchKey')
  const { body, etag, lastModified, metadata } = object
  const headers = {
    ...metadata,
    etag: `"${etag}"`,
    'last-modified': lastModified.toUTCString(),
    'accept-ranges': 'bytes',
  }
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? '')
  if (!match) return { status: 200, headers, body }
  const start = Number(match[1])
  if (start >= body.length) return s3Error(416, 'InvalidRange')
  const end = Math.min(body.length, match[2] === '' ? Infinity : Number(match[2]) + 1)
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end - 1}/${body.length}` },
    body: body.subarray(start, end),
  }
}

/** ListObjectsV2: prefix, delimiter, start-after, continuation-token, max-keys, encoding-type. */
export function listObjects(objects: S3Objects, query: URLSearchParams): S3Answer {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const token = query.get('continuation-token')
  const after = token
    ? Buffer.from(token, 'base64url').toString()
    : (query.get('start-after') ?? '')
  const maxKeys = Math.min(1000, Number(query.get('max-keys') ?? 1000))
  const encode = query.get('encoding-type') === 'url' ? encodeKey : escapeXml

  const entries: string[] = []
  let last = ''
  let isTruncated = false
  const keys = [...objects.keys()]
    .filter((key) => key.startsWith(prefix))
    .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
  for (const key of keys) {
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const name = end < 0 ? key : key.slice(0, end + delimiter.length)
    const isPassed = Buffer.compare(Buffer.from(name), Buffer.from(after)) <= 0
    if (isPassed || name === last) continue
    isTruncated = entries.length === maxKeys
    if (isTruncated) break
    entries.push(end < 0 ? contents(name, objects, encode) : folder(name, encode))
    last = name
  }
  const next = Buffer.from(last).toString('base64url')
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body:
      `<?xml version="1.0" encoding="UTF-8"?>\n` +
      `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
      `<Prefix>${encode(prefix)}</Prefix><KeyCount>${entries.length}</KeyCount>` +
      `<MaxKeys>${maxKeys}</MaxKeys><IsTruncated>${isTruncated}</IsTruncated>` +
      (isTruncated ? `<NextContinuationToken>${next}</NextContinuationToken>` : '') +
      (encode === encodeKey ? '<EncodingType>url</EncodingType>' : '') +
      `${entries.join('')}</ListBucketResult>`,
  }
}

type Encode = (key: string) => string

function contents(key: string, objects: S3Objects, encode: Encode): string {
  const { body, etag, lastModified } = objects.get(key) as S3Object // it is one of its keys
  return (
    `<Contents><Key>${encode(key)}</Key><LastModified>${lastModified.toISOString()}</LastModified>` +
    `<ETag>&quot;${etag}&quot;</ETag><Size>${body.length}</Size>` +
    `<StorageClass>STANDARD</StorageClass></Contents>`
  )
}

function folder(name: string, encode: Encode): string {
  return `<CommonPrefixes><Prefix>${encode(name)}</Prefix></CommonPrefixes>`
}

/** As MinIO and Amazon do: a space is '+', a slash stays. */
function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')
}

function escapeXml(text: string): string {
  return text.replace(/[<>&'"]/g, (char) => `&#${char.charCodeAt(0)};`)
}

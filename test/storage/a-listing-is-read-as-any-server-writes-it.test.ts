// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { parseListing } from '../../src/storage/s3-listing'

const contents = (key: string, etag = '&quot;abc&quot;') =>
  `<Contents><Key>${key}</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified>` +
  `<ETag>${etag}</ETag><Size>42</Size><Owner><ID>1</ID></Owner></Contents>`
const listing = (inner: string) =>
  `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
  `<Name>bucket</Name><Prefix></Prefix>${inner}</ListBucketResult>`
const url = '<EncodingType>url</EncodingType>'

it('reads objects, folders and what comes next', () => {
  const page = parseListing(
    listing(
      `${url}<IsTruncated>true</IsTruncated><NextContinuationToken>00123</NextContinuationToken>` +
        contents('a%2Fb') +
        contents('c') +
        '<CommonPrefixes><Prefix>d/</Prefix></CommonPrefixes>',
    ),
  )
  const info = { sizeBytes: 42, etag: 'abc', lastModified: new Date('2026-01-02T03:04:05.678Z') }
  expect(page).toEqual({
    objects: [
      { ...info, key: 'a/b' },
      { ...info, key: 'c' },
    ],
    folders: ['d/'],
    continuationToken: '00123',
  })
})

it.each([
  ['00123', '00123'],
  ['true', 'true'],
  ['a+b%2Bc%20d', 'a b+c d'],
  ['%3C%26%3E', '<&>'],
  ['%F0%9F%98%80', '😀'],
])('reads the escaped key %s', (written, key) => {
  expect(parseListing(listing(url + contents(written))).objects[0].key).toBe(key)
})

it.each([
  ['a+b%20c', 'a+b%20c'],
  ['&lt;&amp;&gt;&quot;&apos;', `<&>"'`],
  ['&#38;&#x1F600;&unknown;', '&😀&unknown;'],
])('reads the key %s of a server that does not escape', (written, key) => {
  expect(parseListing(listing(contents(written))).objects[0].key).toBe(key)
})

it.each(['&quot;abc&quot;', '"abc"', '&#34;abc&#34;', 'abc'])('reads the etag %s', (written) => {
  expect(parseListing(listing(contents('k', written))).objects[0].etag).toBe('abc')
})

it('reads a page of a thousand objects', () => {
  const keys = Array.from({ length: 1000 }, (_, i) => String(i))
  const { objects } = parseListing(listing(keys.map((key) => contents(key)).join('')))
  expect(objects.map(({ key }) => key)).toEqual(keys)
})

it.each([
  ['nothing', ''],
  ['a page of a proxy', '<html><body>Log in first</body></html>'],
  ['a cut page', listing('<IsTruncated>true</IsTruncated>')],
  ['an object without a key', listing('<Contents><Size>1</Size></Contents>')],
  ['an impossible escape', listing(`${url}${contents('%zz')}`)],
])('throws for %s, as an empty listing would hide it', (_, xml) => {
  expect(() => parseListing(xml)).toThrow(Error)
})

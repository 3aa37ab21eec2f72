// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { contentCodingOf } from '../../../src/receive/http-content-coding'
import { HttpRefusal } from '../../../src/receive/http-refusal'
import { parseCollectorName, parsePartition } from '../../../src/session/reading/collector-layout'
import { SessionError } from '../../../src/session/session-error'
import { checkSessionId } from '../../../src/session/session-id'
import { metadataKey, parseSegmentKey } from '../../../src/session/session-keys'
import { checkSessionName } from '../../../src/session/session-location'
import { assertFolder, assertKey, assertPrefix, compareKeys } from '../../../src/storage/object-key'
import { openStore } from '../../../src/storage/open-store'
import { parseEndpoint } from '../../../src/storage/s3-endpoint'
import { parseListing } from '../../../src/storage/s3-listing'
import { StorageError } from '../../../src/storage/storage-error'
import {
  type FuzzTarget,
  ensure,
  neverRefuses,
  refusesPlainly,
  refusesWith,
} from '../support/fuzz-target'
import { ensureNothingInherited } from '../support/prototypes'
import { seedTexts, textOf } from './seeds'

const SIGNAL_NAMES: readonly unknown[] = [undefined, 'traces', 'metrics', 'logs']

/** What a key must not be made of, whoever names it: it would lead out of a folder. */
function ensureStaysWithin(key: string): void {
  const isWithin = key.split('/').every((name) => name !== '.' && name !== '..')
  ensure(isWithin && !key.includes('\\') && !key.includes('\0'), 'a key stays in its folder')
}

const LISTING = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><IsTruncated>true</IsTruncated>
<NextContinuationToken>t&amp;k</NextContinuationToken><EncodingType>url</EncodingType>
<Contents><Key>a%2Fb+c</Key><LastModified>2026-11-21T00:00:00.000Z</LastModified><ETag>&#34;e&#34;</ETag><Size>7</Size></Contents>
<CommonPrefixes><Prefix>a%2F</Prefix></CommonPrefixes></ListBucketResult>`

export const nameTargets: readonly FuzzTarget[] = [
  {
    name: 'session ids and names',
    shape: 'text',
    seeds: seedTexts('debug-payment', '20261121T074502.123Z-9f1c02ab', 'team-a/p', '.'),
    words: ['sessions/', '/', '..', '.', '%2e', '\\'],
    weight: 5,
    parse: (input) => {
      const name = textOf(input)
      checkSessionName(name)
      ensureStaysWithin(name === '.' ? 'whole-store' : name)
      ensure(!name.startsWith('sessions/'), 'no name leads into the sessions of others')
      checkSessionId(name)
      const key = metadataKey(name)
      ensure(key === `sessions/${name}/metadata.json`, 'an id is one name in a key')
      assertKey(key)
    },
    isRefusal: refusesWith(SessionError),
  },
  {
    name: 'object keys',
    shape: 'text',
    seeds: seedTexts('sessions/a/raw/2026-11-21/00/traces-1.otlp.gz', 'a/b', 'a', 'ä/🛒'),
    words: ['/', '..', './', '\u0000', '\\', '\ud83d'],
    weight: 5,
    parse: (input) => {
      const text = textOf(input)
      ensure(compareKeys(text, text) === 0, 'a key equals itself')
      ensure(compareKeys(text, 'm') === -compareKeys('m', text), 'keys have one order')
      assertPrefix(text)
      if (text.endsWith('/')) assertFolder(text)
      assertKey(text)
      ensureStaysWithin(text)
    },
    isRefusal: refusesWith(StorageError),
  },
  {
    name: 'keys of segments and partitions',
    shape: 'text',
    seeds: seedTexts(
      'sessions/a/raw/2026-11-21/00/traces-1790000000000-3f0c9a52-6f0e-4d0c-9c2b-0d8f1a2b3c4d.otlp.gz',
      'p/year=2026/month=11/day=21/hour=11/minute=05/traces_123456789.json.gz',
      'reports-2025-01/2026/11/21/1100/logs_3f0c9a52-6f0e-4d0c-9c2b-0d8f1a2b3c4d.binpb',
      'some/metrics.json',
    ),
    words: ['year=', 'month=', '2026', '-11', '/31/', 'traces_', 'logs-', '99', '.json'],
    weight: 5,
    parse: (input) => {
      const key = textOf(input)
      const { signal, arrivalMillis = 0 } = parseSegmentKey(key)
      ensure(SIGNAL_NAMES.includes(signal), 'a key names a signal or none')
      ensure(Number.isSafeInteger(arrivalMillis), 'a key says a time or none')
      ensure(SIGNAL_NAMES.includes(parseCollectorName(key)), 'a name says a signal or none')
      const window = parsePartition(key)
      ensure(!window || window.startMillis < window.endMillis, 'a partition has a length')
    },
    isRefusal: neverRefuses,
  },
  {
    name: 'URLs of stores',
    shape: 'text',
    seeds: seedTexts(
      'file:./some/folder',
      'file:///tmp/x',
      's3://bucket/prefix',
      's3://',
      'folder',
    ),
    words: ['file:', 's3://', 'memory:', '//', '@', ':', '%2f', '..', '?', '#'],
    weight: 0.5,
    parse: (input) => {
      const text = textOf(input)
      // A name is remembered as long as the process lives.
      if (/^memory:./i.test(text)) return
      const secret = 'the-secret-key'
      const { url } = openStore(text, {
        MINIO_ENDPOINT: 'http://localhost:9000',
        MINIO_ACCESS_KEY: 'access',
        MINIO_SECRET_KEY: secret,
      })
      ensure(!url.includes(secret), 'the URL of a store holds no secret')
    },
    isRefusal: refusesWith(StorageError),
  },
  {
    name: 'endpoints of S3',
    shape: 'text',
    seeds: seedTexts(
      'http://localhost:9000',
      'https://s3.example.com',
      'localhost:9000',
      '[::1]:1',
    ),
    words: ['http://', 'https://', '@', ':', '/', '[', ']', '?', '#'],
    weight: 5,
    parse: (input) => {
      const { port = 80, host, url } = parseEndpoint(textOf(input))
      ensure(port >= 0 && port <= 65_535 && host !== '', 'an endpoint has a host and a port')
      ensure(!url.includes('@'), 'an endpoint shows no password')
    },
    isRefusal: refusesWith(StorageError),
  },
  {
    name: 'listings of S3',
    shape: 'text',
    seeds: seedTexts(LISTING, LISTING.replaceAll(/\s/g, '')),
    words: [
      ...['<Contents>', '</Contents>', '<Key>', '</Key>', '<CommonPrefixes>', '<Prefix>', '<Size>'],
      ...['&lt;', '&#x41;', '&#1114112;', '&constructor;', '&toString;', '%zz', '%F0', '<ETag>'],
    ],
    weight: 5,
    parse: (input) => {
      const page = parseListing(textOf(input))
      ensureNothingInherited(page)
      for (const { sizeBytes, lastModified, key } of page.objects) {
        ensure(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0, 'an object has a size')
        ensure(!Number.isNaN(lastModified.getTime()), 'an object has a time')
        ensure(!key.includes('[native code]'), 'a key is text of the listing alone')
      }
    },
    isRefusal: refusesPlainly,
  },
  {
    name: 'content codings',
    shape: 'text',
    seeds: seedTexts('gzip', 'deflate', 'identity', ' GZIP ', ''),
    words: ['gzip', ',', 'br', '__proto__', 'constructor'],
    weight: 5,
    parse: (input) => typeof contentCodingOf(textOf(input)) === 'function',
    isRefusal: refusesWith(HttpRefusal),
  },
]

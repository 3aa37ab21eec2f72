// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { otlpHttpSink } from '../../src/replay/otlp-http-sink'
import { makeBatch } from '../support/recording'
import { openTarget } from './otlp-target'

test.each<[string, Record<string, string> | undefined, string]>([
  ['otel-tape', undefined, 'otel-tape'],
  ['otel-tape beside other headers', { 'x-tenant': 'a' }, 'otel-tape'],
  ['what the headers say, however they spell it', { 'User-Agent': 'nightly' }, 'nightly'],
])('%s', async (_name, headers, userAgent) => {
  await using target = await openTarget()
  const batch = makeBatch('logs', { names: ['x'] })
  await pipeline(Readable.from([batch]), otlpHttpSink({ targetEndpoint: target.url, headers }))
  expect(target.requests.map((request) => request.headers)).toMatchObject([
    { ...(headers?.['x-tenant'] && { 'x-tenant': 'a' }), 'user-agent': userAgent },
  ])
})

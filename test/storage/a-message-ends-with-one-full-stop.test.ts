// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { RetryTimeoutError } from '../../src/storage/retry'
import { s3Error } from '../../src/storage/s3-error'
import { S3ResponseError } from '../../src/storage/s3-response-error'

const slowDown = new S3ResponseError(503, 'SlowDown', '503 SlowDown: Please reduce your rate.')
const refused = (port: number) =>
  Object.assign(new Error(`connect ECONNREFUSED ::1:${port}`), { code: 'ECONNREFUSED' })

it.each<[string, Error, string]>([
  [
    'an explanation of the server',
    new S3ResponseError(
      403,
      'SignatureDoesNotMatch',
      '403 SignatureDoesNotMatch: Check your key and signing method.',
    ),
    'signing method. Check the access key, the secret key and the clock.',
  ],
  [
    'one that ends with one itself',
    slowDown,
    'Please reduce your rate. Try again when the server has recovered.',
  ],
  [
    'one without advice behind it',
    new S3ResponseError(400, 'Bad', '400 Bad: Please read the manual.'),
    'failed: 400 Bad: Please read the manual.',
  ],
  ['no explanation', new S3ResponseError(400, 'Bad', '400 Bad: '), 'failed: 400 Bad.'],
  [
    'the error before',
    new RetryTimeoutError(100, { cause: slowDown }),
    'no answer within 100 ms (before that: 503 SlowDown: Please reduce your rate). Check that ' +
      'the server is well, and that nothing on the way to it holds answers up.',
  ],
  [
    'all addresses refused',
    Object.assign(new AggregateError([refused(1), refused(2)]), { code: 'ECONNREFUSED' }),
    'failed: connect ECONNREFUSED ::1:1, connect ECONNREFUSED ::1:2. Check that the server is ' +
      'running and that its endpoint is right, http or https included.',
  ],
])('%s', (_, error, end) => {
  const { message } = s3Error(error, 'get', 'key', 's3://bucket at http://localhost')
  expect(message.slice(-end.length)).toBe(end)
  expect(message).not.toContain('..')
})

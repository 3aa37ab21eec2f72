// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { decodeSpans } from '../../src/otlp/decode-spans'
import { startScript } from '../support/child-script'
import { readAll } from '../support/recording'
import { testBucket } from '../support/s3/test-bucket'

const REQUESTS = 30

const bucket = testBucket()
afterAll(() => bucket.remove())

test('an app under HTTP instrumentation captures into S3: its own spans and not one of ours', async () => {
  Object.assign(process.env, bucket.environment)
  const script = join(__dirname, 'children/instrumented-app.ts')
  const url = `s3://${bucket.options.bucket}`
  await startScript(script, url, 'app', String(REQUESTS)).done()

  const store = bucket.open()
  const spans = (await readAll({ store, sessionId: 'app' })).flatMap(({ body }) =>
    decodeSpans(body),
  )
  const names = spans.map(({ name, kind }) => `${name} ${kind}`).sort()
  const [server, client] = ['GET 1', 'GET 2'].map((name) => Array<string>(REQUESTS).fill(name))
  expect(names).toEqual([...server, ...client, 'flush inside of a span 0'])
}, 60_000)

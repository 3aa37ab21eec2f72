// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { startInProcessS3 } from '../support/s3/in-process-s3'
import { startScript } from '../support/child-script'

it('traces the requests of the app, and none of the store, whenever they began', async () => {
  const s3 = await startInProcessS3()
  s3.buckets.set('bucket', new Map())
  s3.buckets.get('bucket')?.set('there/already', {
    body: Buffer.from('x'),
    etag: 'etag',
    lastModified: new Date(),
    metadata: {},
  })
  let isSdkStarted = false
  // What began before the SDK started goes on after it: its first requests fail.
  s3.faultFor = ({ key }) =>
    !isSdkStarted || (key === 'begun/before' && s3.requests.length < 6)
      ? { kind: 'answer', status: 503 }
      : undefined
  const control = `${s3.endpoint}/control`
  const script = join(__dirname, 'children', 'use-stores-under-an-sdk.ts')
  const app = startScript(script, control, s3.endpoint, s3.accessKey, s3.secretKey)
  try {
    expect(await app.message()).toBe('begun')
    while (s3.requests.length < 2) await new Promise(setImmediate)
    isSdkStarted = true
    app.process.send('start')
    expect(await app.message()).toEqual([control])
    await app.done()
    expect(s3.requests.length).toBeGreaterThan(12)
  } finally {
    await app.kill()
    await s3.close()
  }
})

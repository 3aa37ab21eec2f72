// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { testBucket } from '../support/s3/test-bucket'
import { describeWithCollector, startCollector } from './support/collector'
import { documentedFile } from './support/documented-file'
import { countItems, differences, itemsOf } from './support/items'
import { startReceiver } from './support/otel-tape'
import { send, startOtlpBackend } from './support/otlp-traffic'
import { report, sample } from './support/sample'
import { sessionItems } from './support/session-items'

describeWithCollector('a receiver of ours with --forward to a Collector', () => {
  const bucket = testBucket()
  afterAll(() => bucket.remove())

  test.each(['http', 'grpc'])('hands on over %s every item that it records', async (protocol) => {
    const sessionId = `forwarded-${protocol}`
    const { requests, items } = await sample()
    const backend = await startOtlpBackend()
    const collector = await startCollector(
      documentedFile('send-http.yaml', {
        'http://localhost:14318': backend.url,
        'localhost:4318': '127.0.0.1:0',
        'localhost:4317': '127.0.0.1:0',
      }),
    )
    const target = protocol === 'http' ? collector.httpUrl : `grpc://${collector.grpcAddress}`
    try {
      const receiver = await startReceiver(sessionId, bucket.environment, '--forward', target)
      try {
        await send(receiver.httpUrl, requests)
      } finally {
        // It sends on what it still has before it ends, and so does the Collector.
        await receiver.stop()
      }
    } finally {
      await collector.stop()
      await backend.close()
    }
    expect(differences(items, itemsOf(backend.received))).toEqual([])
    expect(differences(items, await sessionItems(bucket, sessionId))).toEqual([])
    report(`forwarded over ${protocol}`, countItems(items))
  })
})

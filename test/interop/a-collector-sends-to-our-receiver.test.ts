// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { testBucket } from '../support/s3/test-bucket'
import { describeWithCollector, startCollector } from './support/collector'
import { documentedFile } from './support/documented-file'
import { countItems, differences } from './support/items'
import { startReceiver } from './support/otel-tape'
import { send } from './support/otlp-traffic'
import { report, sample } from './support/sample'
import { sessionItems } from './support/session-items'

interface Exporter {
  name: string
  file: string
  changes?: Record<string, string>
}

const JSON_ENCODING = { 'encoding: proto': 'encoding: json' }
const PLAIN = { 'compression: gzip': 'compression: none' }

const EXPORTERS: Exporter[] = [
  { name: 'otlphttp, proto, gzip', file: 'send-http.yaml' },
  { name: 'otlphttp, proto, plain', file: 'send-http.yaml', changes: PLAIN },
  { name: 'otlphttp, json, gzip', file: 'send-http.yaml', changes: JSON_ENCODING },
  {
    name: 'otlphttp, json, plain',
    file: 'send-http.yaml',
    changes: { ...JSON_ENCODING, ...PLAIN },
  },
  { name: 'otlp (gRPC), gzip', file: 'send-grpc.yaml' },
  { name: 'otlp (gRPC), plain', file: 'send-grpc.yaml', changes: PLAIN },
]

describeWithCollector("what a Collector's exporters send", () => {
  const bucket = testBucket()
  afterAll(() => bucket.remove())

  test.each(EXPORTERS)('is recorded, every item of it: $name', async ({ name, file, changes }) => {
    const sessionId = name.replace(/\W+/g, '-').replace(/-$/, '')
    const { requests, items } = await sample()
    const receiver = await startReceiver(sessionId, bucket.environment)
    try {
      const target: Record<string, string> = file.includes('grpc')
        ? { 'localhost:14317': receiver.grpcAddress }
        : { 'http://localhost:14318': receiver.httpUrl }
      const collector = await startCollector(
        documentedFile(file, {
          ...target,
          'localhost:4318': '127.0.0.1:0',
          'localhost:4317': '127.0.0.1:0',
          ...changes,
        }),
      )
      try {
        await send(collector.httpUrl, requests)
      } finally {
        // It sends what it still has before it ends.
        await collector.stop()
      }
    } finally {
      await receiver.stop()
    }
    expect(differences(items, await sessionItems(bucket, sessionId))).toEqual([])
    report(name, countItems(items))
  })
})

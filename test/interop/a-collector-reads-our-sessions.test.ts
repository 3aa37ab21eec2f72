// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type TestBucket, testBucket } from '../support/s3/test-bucket'
import { describeWithCollector, startCollector } from './support/collector'
import { documentedFile } from './support/documented-file'
import { type Items, type Requests, countItems, differences, itemsOf } from './support/items'
import { startOtlpBackend, waitForItems } from './support/otlp-traffic'
import { bySignal, recordThroughLibrary, report, sample } from './support/sample'
import { type SampleRequest, manySpans } from './support/sample-requests'
import { sessionItems, sessionRequests } from './support/session-items'

const HOUR_MILLIS = 3_600_000

/** What a Collector's OTLP receiver takes, and ours. */
const LARGEST_REQUEST_BYTES = 20 * 1024 * 1024

describeWithCollector('the awss3 receiver of a Collector', () => {
  const bucket = testBucket()
  afterAll(() => bucket.remove())

  test('reads a session of ours, every item of it', async () => {
    const { requests, items } = await sample()
    const received = await readByCollector(bucket, 'shared', requests, items)
    expect(differences(items, await sessionItems(bucket, 'shared'))).toEqual([])
    expect(differences(items, itemsOf(received))).toEqual([])
    report('session, read by awss3', countItems(items))
  })

  test('reads a session whose objects are larger than a request may be', async () => {
    const requests = manySpans(45, 500)
    const items = itemsOf(bySignal(requests))
    const received = await readByCollector(bucket, 'large', requests, items)
    const objects = (await sessionRequests(bucket, 'large')).traces
    expect(Math.max(...objects.map(({ length }) => length))).toBeGreaterThan(LARGEST_REQUEST_BYTES)
    const sizes = received.traces.map(({ length }) => length)
    expect(Math.max(...sizes)).toBeLessThan(LARGEST_REQUEST_BYTES)
    expect(differences(items, itemsOf(received))).toEqual([])
    report('large session, read by awss3', countItems(items))
  })
})

async function readByCollector(
  bucket: TestBucket,
  sessionId: string,
  requests: readonly SampleRequest[],
  items: Items,
): Promise<Requests> {
  const { startTime, endTime } = await recordThroughLibrary(bucket, sessionId, requests)
  const backend = await startOtlpBackend()
  try {
    const config = documentedFile('read-session.yaml', {
      'http://localhost:9000': bucket.options.endpoint,
      's3_bucket: otel': `s3_bucket: ${bucket.options.bucket}`,
      'http://localhost:4318': backend.url,
      'sessions/debug-payment/': `sessions/${sessionId}/`,
      '2026-11-20T13:00:00Z': fullHour(startTime),
      '2026-11-20T15:00:00Z': fullHour(endTime ?? '', HOUR_MILLIS),
    })
    const collector = await startCollector(config, {
      AWS_ACCESS_KEY_ID: bucket.options.accessKey,
      AWS_SECRET_ACCESS_KEY: bucket.options.secretKey,
    })
    try {
      await waitForItems(backend, items)
    } finally {
      await collector.stop()
    }
    return backend.received
  } finally {
    await backend.close()
  }
}

function fullHour(time: string, plusMillis = 0): string {
  const hour = Math.floor(Date.parse(time) / HOUR_MILLIS) * HOUR_MILLIS
  return new Date(hour + plusMillis).toISOString().replace('.000', '')
}

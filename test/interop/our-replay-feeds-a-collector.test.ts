// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { testBucket } from '../support/s3/test-bucket'
import { describeWithCollector, startCollector } from './support/collector'
import { documentedFile } from './support/documented-file'
import { countItems, differences, itemsOf } from './support/items'
import { runOtelTape } from './support/otel-tape'
import { startOtlpBackend } from './support/otlp-traffic'
import { recordThroughLibrary, report, sample } from './support/sample'

const SESSION = 'for-a-collector'

describeWithCollector('a replay of ours into the otlp receiver of a Collector', () => {
  const bucket = testBucket()
  beforeAll(async () => {
    await recordThroughLibrary(bucket, SESSION, (await sample()).requests)
  })
  afterAll(() => bucket.remove())

  test.each([
    { how: 'over HTTP', parameters: [] },
    { how: 'over HTTP, with gzip', parameters: ['--gzip'] },
    { how: 'over gRPC', parameters: [] },
    { how: 'over gRPC, with gzip', parameters: ['--gzip'] },
  ])('brings it every item $how', async ({ how, parameters }) => {
    const { items } = await sample()
    const backend = await startOtlpBackend()
    const collector = await startCollector(
      documentedFile('send-http.yaml', {
        'http://localhost:14318': backend.url,
        'localhost:4318': '127.0.0.1:0',
        'localhost:4317': '127.0.0.1:0',
      }),
    )
    const target = how.includes('HTTP') ? collector.httpUrl : `grpc://${collector.grpcAddress}`
    try {
      await runOtelTape(
        [
          ...['replay', SESSION, '--store', `s3://${bucket.options.bucket}`, '--to', target],
          ...['--speed', 'max', '--timestamps', 'none', ...parameters],
        ],
        bucket.environment,
      )
    } finally {
      // It sends what it still has before it ends.
      await collector.stop()
      await backend.close()
    }
    expect(differences(items, itemsOf(backend.received))).toEqual([])
    report(`replayed ${how}`, countItems(items))
  })
})

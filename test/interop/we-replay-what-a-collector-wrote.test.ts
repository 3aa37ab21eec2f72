// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type TestBucket, testBucket } from '../support/s3/test-bucket'
import { describeWithCollector, startCollector } from './support/collector'
import { documentedFile } from './support/documented-file'
import { type Items, countItems, differences, itemsOf } from './support/items'
import { runOtelTape } from './support/otel-tape'
import { send, startOtlpBackend } from './support/otlp-traffic'
import { bySignal, report, sample } from './support/sample'
import { type SampleRequest, datedRequests } from './support/sample-requests'
import { readObjects } from './support/session-items'

const HOUR_MILLIS = 3_600_000

const BATCHED = 'sending_queue: { batch: { flush_timeout: 5s, min_size: 8192 } }'
const ONE_BY_ONE = 'sending_queue: { enabled: false }'

const VARIANTS = [
  { marshaler: 'otlp_proto', compression: 'gzip', queue: BATCHED, ending: '.binpb.gz' },
  { marshaler: 'otlp_proto', compression: 'gzip', queue: ONE_BY_ONE, ending: '.binpb.gz' },
  { marshaler: 'otlp_proto', compression: 'none', queue: ONE_BY_ONE, ending: '.binpb' },
  { marshaler: 'otlp_json', compression: 'gzip', queue: ONE_BY_ONE, ending: '.json.gz' },
  { marshaler: 'otlp_json', compression: 'none', queue: ONE_BY_ONE, ending: '.json' },
]

describeWithCollector('what the awss3 exporter of a Collector wrote', () => {
  const bucket = testBucket()
  beforeAll(() => makeBucket(bucket))
  afterAll(() => bucket.remove())

  test.each(VARIANTS)(
    'is a session for us, with $marshaler, compression $compression, $queue',
    async ({ marshaler, compression, queue, ending }) => {
      const prefix = `${marshaler}/${compression}/${queue === BATCHED ? 'batched' : 'one-by-one'}`
      const { requests, items } = await sample()
      await writeObjects(bucket, prefix, requests, { marshaler, compression, queue })
      const keys = [...(await readObjects(bucket, `${prefix}/`)).keys()]
      expect(keys.filter((key) => !key.endsWith(ending))).toEqual([])
      expect(differences(items, await replayed(bucket, prefix, '--layout', 'awss3'))).toEqual([])
      report(`${prefix}, replayed`, countItems(items))
    },
  )

  test('is found without being told what it is', async () => {
    const { requests, items } = await sample()
    await writeObjects(bucket, 'found', requests)
    expect(differences(items, await replayed(bucket, 'found'))).toEqual([])
  })

  test('can be replayed in part, by time', async () => {
    const now = Date.now()
    const requests = datedRequests(now - 40_000, 1_000, 40)
    await writeObjects(bucket, 'in-part', requests)
    const at = (millis: number) => new Date(millis).toISOString()
    const part = async (from: number, until: number) =>
      replayed(bucket, 'in-part', ...['--from', at(from), '--until', at(until)])
    const middle = await part(now - 30_000, now - 10_000)
    expect(differences(itemsOf(bySignal(requests.slice(10, 30))), middle)).toEqual([])
    const all = await part(now - HOUR_MILLIS, now + HOUR_MILLIS)
    expect(differences(itemsOf(bySignal(requests)), all)).toEqual([])
    const none = await part(now - 2 * HOUR_MILLIS, now - HOUR_MILLIS).catch(() => undefined)
    expect(none && countItems(none)).toEqual({ traces: 0, metrics: 0, logs: 0 })
    report('a part by time', countItems(middle))
  })
})

/** A Collector writes no bucket, so it has to be there. */
async function makeBucket(bucket: TestBucket): Promise<void> {
  await bucket.open().put('made', Buffer.from('by the test'))
}

async function writeObjects(
  { options }: TestBucket,
  prefix: string,
  requests: readonly SampleRequest[],
  { marshaler = 'otlp_proto', compression = 'gzip', queue = ONE_BY_ONE } = {},
): Promise<void> {
  const config = documentedFile('write-objects.yaml', {
    'localhost:4318': '127.0.0.1:0',
    'localhost:4317': '127.0.0.1:0',
    'http://localhost:9000': options.endpoint,
    's3_bucket: otel': `s3_bucket: ${options.bucket}`,
    's3_prefix: collector': `s3_prefix: ${prefix}`,
    'marshaler: otlp_proto': `marshaler: ${marshaler}`,
    'compression: gzip': `compression: ${compression}`,
    [BATCHED]: queue,
  })
  const collector = await startCollector(config, {
    AWS_ACCESS_KEY_ID: options.accessKey,
    AWS_SECRET_ACCESS_KEY: options.secretKey,
  })
  try {
    await send(collector.httpUrl, requests)
  } finally {
    // It stores what it still has before it ends.
    await collector.stop()
  }
}

async function replayed(
  { options, environment }: TestBucket,
  prefix: string,
  ...parameters: string[]
): Promise<Items> {
  const backend = await startOtlpBackend()
  try {
    await runOtelTape(
      [
        ...['replay', prefix, '--store', `s3://${options.bucket}`, '--to', backend.url],
        ...['--speed', 'max', '--timestamps', 'none', ...parameters],
      ],
      environment,
    )
    return itemsOf(backend.received)
  } finally {
    await backend.close()
  }
}

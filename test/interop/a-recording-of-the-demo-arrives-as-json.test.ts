// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { testBucket } from '../support/s3/test-bucket'
import { describeWith } from './support/describe-with'
import { countItems, differences, itemsOf } from './support/items'
import { startReceiver } from './support/otel-tape'
import { send } from './support/otlp-traffic'
import { bySignal, report } from './support/sample'
import { demoLines, encodeLine, hasDemo } from './support/sample-requests'
import { sessionItems } from './support/session-items'

const DEMO = { what: 'its file beside the repository', isThere: hasDemo, isOptional: true }

describeWith(DEMO, 'a recording of the OpenTelemetry Demo', () => {
  const bucket = testBucket()
  afterAll(() => bucket.remove())

  test('is recorded line by line from JSON, every item of it', async () => {
    const lines = await demoLines()
    const expected = itemsOf(bySignal(lines.map(encodeLine)))
    // What those say who made it; not what anything here counted.
    expect(countItems(expected)).toEqual({ traces: 547, metrics: 4551, logs: 23 })
    const receiver = await startReceiver('demo', bucket.environment)
    try {
      await send(
        receiver.httpUrl,
        lines.map(({ signal, json }) => ({ signal, body: json })),
      )
    } finally {
      await receiver.stop()
    }
    expect(differences(expected, await sessionItems(bucket, 'demo'))).toEqual([])
    report('the Demo, from JSON', countItems(expected))
  })
})

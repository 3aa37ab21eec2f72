// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { testBucket } from '../support/s3/test-bucket'
import { describeWith } from './support/describe-with'
import { goSender } from './support/go-sender'
import { javaSender } from './support/java-sender'
import { nodeSender } from './support/node-sender'
import { startReceiver } from './support/otel-tape'
import { pythonSender } from './support/python-sender'
import { report } from './support/sample'
import type { Sender } from './support/sender'
import { inOrder, sentOf } from './support/sent-items'
import { sessionRequests } from './support/session-items'

const PREPARATION_MILLIS = 5 * 60_000

for (const sender of [pythonSender(), goSender(), javaSender(), nodeSender()]) {
  const need = { what: sender.language, isThere: sender.isThere() }
  describeWith(need, `the SDK of ${sender.language}`, () => testSender(sender))
}

function testSender(sender: Sender): void {
  const bucket = testBucket()
  beforeAll(() => sender.prepare(), PREPARATION_MILLIS)
  afterAll(() => bucket.remove())

  test.each(sender.protocols)('is recorded over %s, all that it sent', async (protocol) => {
    const sessionId = `${sender.language}-${protocol}`.replace(/\W+/g, '-')
    const receiver = await startReceiver(sessionId, bucket.environment)
    let sent
    try {
      const { httpUrl, grpcAddress } = receiver
      const endpoint = protocol === 'grpc' ? `http://${grpcAddress}` : httpUrl
      sent = await sender.send(endpoint, protocol)
    } finally {
      await receiver.stop()
    }
    const requests = await sessionRequests(bucket, sessionId)
    expect(inOrder(sentOf(requests))).toEqual(inOrder(sent))
    report(`${sender.language} over ${protocol}`, {
      traces: sent.spans.length,
      metrics: sent.points.length,
      logs: sent.logs.length,
    })
  })
}

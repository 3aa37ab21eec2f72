// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import {
  createTestIntake,
  JSON_TYPE,
  PROTOBUF,
  rawRequest,
  startTestEndpoint,
} from './http-fixture'

type Asked = typeof request extends fc.Arbitrary<infer T> ? T : never

// A request that names its origin takes the long way, through the framework.
const request = fc.record({
  method: fc.constantFrom('POST', 'POST', 'POST', 'PUT', 'GET'),
  path: fc.constantFrom('/v1/traces', '/v1/metrics', '/v1/logs', '/v1/traces/', '/v1/traces?a=1'),
  type: fc.constantFrom(PROTOBUF, JSON_TYPE, 'application/protobuf', 'text/plain', undefined),
  encoding: fc.constantFrom(undefined, undefined, 'identity', 'gzip', 'br'),
  body: fc.oneof(
    fc.constantFrom<string | Uint8Array>('', '{}', '{"resourceSpans":[]}'),
    fc.uint8Array({ maxLength: 40 }),
    fc.constant(Buffer.alloc(2_000)),
  ),
  chunkLength: fc.constantFrom(undefined, undefined, 7),
})

test.each([[0], [3]])(
  'the short way and the long one answer alike, %d rejected',
  async (rejected) => {
    const intake = createTestIntake({ rejectedItems: rejected, message: rejected ? 'why' : '' })
    await using receiver = await startTestEndpoint({ intake, maxRequestBytes: 1_000 })
    const ask = async (headers: string[], asked: Asked) => {
      const connection = await receiver.connect()
      connection.send(rawRequest({ ...asked, headers }))
      const { status, headers: answered, body } = await connection.answer()
      connection.destroy()
      const { date, ...others } = answered
      expect(date).toBeDefined()
      const refused = receiver.refused.splice(0)
      const taken = intake.taken.splice(0)
      return { status, headers: others, body, refused, taken, usedBytes: receiver.budget.usedBytes }
    }
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const long = await ask(['Origin: https://shop.example'], asked)
        expect(await ask([], asked)).toEqual(long)
      }),
      { numRuns: 200 },
    )
  },
)

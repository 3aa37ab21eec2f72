// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { startScript } from '../support/child-script'
import { openGrpcTarget, taken } from './grpc-target'

const SCRIPT = join(__dirname, 'send-over-grpc.script.ts')

test('although the target keeps the connection open', async () => {
  await using target = await openGrpcTarget()
  await startScript(SCRIPT, target.url).done()
  expect(target.requests).toHaveLength(1)
})

test('and not before, when the target lets it wait', async () => {
  await using target = await openGrpcTarget((_request, number) =>
    number === 0 ? { code: 14, details: 'later' } : taken,
  )
  await startScript(SCRIPT, target.url).done()
  expect(target.requests).toHaveLength(2)
})

test('nor when there is no target', async () => {
  const script = startScript(SCRIPT, 'grpc://127.0.0.1:1')
  expect(await script.message()).toContain("can't be reached")
  await script.done()
})

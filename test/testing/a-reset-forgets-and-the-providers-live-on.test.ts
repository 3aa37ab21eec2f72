// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { startTestCapture } from '../../src/testing'
import { attachProviders, first } from './attached-providers'

test('spans and logs are forgotten, and the next ones are captured', async () => {
  const tape = startTestCapture()
  const { startSpan, logger } = attachProviders(tape)
  startSpan('before').end()
  logger.emit({ body: 'before' })
  const reset = tape.reset()
  // Without waiting for it: only metrics take a moment.
  expect([tape.spans(), tape.logs(), tape.traceTree()]).toEqual([[], [], ''])
  await reset
  startSpan('after').end()
  logger.emit({ body: 'after' })
  expect(tape.spans().map((span) => span.name)).toEqual(['after'])
  expect(tape.logs().map((log) => log.body)).toEqual(['after'])
})

test('a span that was open belongs to the time before, however late it ends', async () => {
  const tape = startTestCapture()
  const { startSpan } = attachProviders(tape)
  const straggler = startSpan('straggler')
  await tape.reset()
  expect(tape.openSpans()).toEqual([])
  await tape.reset()
  startSpan('its child', straggler).end()
  straggler.end()
  expect(tape.spans().map((span) => span.name)).toEqual(['its child'])
})

test('a processor that hands on ends only, without starts, is heard all the same', () => {
  const tape = startTestCapture()
  const processor = tape.spanProcessor()
  const { startSpan } = attachProviders(startTestCapture(), {
    spanProcessors: [{ ...processor, onStart: () => undefined }],
  })
  startSpan('span').end()
  expect(tape.spans()).toHaveLength(1)
})

test('what was read before keeps its relatives', async () => {
  const tape = startTestCapture()
  const { startSpan } = attachProviders(tape)
  const parent = startSpan('parent')
  startSpan('child', parent).end()
  parent.end()
  const child = first(tape.spans({ name: 'child' }))
  await tape.reset()
  expect(child.parent).toMatchObject({ name: 'parent', children: [{ name: 'child' }] })
})

test('a wait that is pending is told', async () => {
  const tape = startTestCapture()
  attachProviders(tape)
  const waits = Promise.allSettled([
    tape.waitForSpan({ name: 'x' }),
    tape.waitForLog({ body: 'x' }),
  ])
  await tape.reset()
  expect(await waits).toMatchObject([
    { status: 'rejected', reason: { code: 'CAPTURE_RESET' } },
    { status: 'rejected', reason: { code: 'CAPTURE_RESET' } },
  ])
})

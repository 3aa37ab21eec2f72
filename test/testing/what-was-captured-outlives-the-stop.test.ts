// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { startTestCapture } from '../../src/testing'
import { attachProviders } from './attached-providers'

test('everything stays readable, and nothing more is captured', async () => {
  const tape = startTestCapture()
  const { startSpan, logger, meter } = attachProviders(tape)
  const counter = meter.createCounter('c')
  const open = startSpan('open')
  startSpan('before').end()
  logger.emit({ body: 'before' })
  counter.add(1)
  await Promise.all([tape.stop(), tape.stop()])

  open.end()
  startSpan('after').end()
  logger.emit({ body: 'after' })
  counter.add(1)
  expect(tape.spans().map((span) => span.name)).toEqual(['before'])
  expect(tape.logs().map((log) => log.body)).toEqual(['before'])
  expect(await tape.metrics()).toMatchObject([{ name: 'c', dataPoints: [{ value: 1 }] }])
  await expect(tape.waitForSpan({ name: 'before' })).resolves.toBeDefined()
  await tape.reset()
  expect([tape.spans(), tape.logs(), await tape.metrics()]).toEqual([[], [], []])
})

test('waits end, the pending ones and those that come too late', async () => {
  const tape = startTestCapture()
  const pending = expect(tape.waitForSpan({ name: 'x' })).rejects.toMatchObject({
    code: 'CAPTURE_STOPPED',
  })
  await tape.stop()
  await pending
  await expect(tape.waitForLog({ body: 'x' })).rejects.toMatchObject({ code: 'CAPTURE_STOPPED' })
})

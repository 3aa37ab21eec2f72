// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

'use strict'

/**
 * What every runner runs. The names are the ones that Jest and Vitest share.
 *
 * @param runner `{ test, expect, beforeAll, afterEach, afterAll, useFakeTimers, useRealTimers }`
 * @param startTestCapture from otel-tape/testing, as the runner's module system loads it
 * @param checkout of shop.cjs or shop.mjs
 */
exports.suite = function suite(runner, startTestCapture, loadCheckout) {
  const { test, expect, beforeAll, afterEach, afterAll } = runner
  let tape
  let checkout

  beforeAll(async () => {
    tape = startTestCapture({ register: true })
    checkout = await loadCheckout()
  })
  afterEach(() => {
    runner.useRealTimers()
    return tape.reset()
  })
  afterAll(() => tape.stop())

  test('spans, logs and metrics of code under test, relatives at hand', async () => {
    await checkout('declined')
    const receipt = await tape.waitForSpan({ name: 'send receipt' })
    expect(receipt.parent).toMatchObject({ name: 'checkout', status: { code: 'ERROR' } })
    expect(receipt.parent.children.map((child) => child.name)).toEqual(['charge', 'send receipt'])
    expect(await tape.waitForLog({ body: /sent/ })).toMatchObject({
      span: { name: 'send receipt' },
    })
    expect(await tape.metrics()).toMatchObject([
      { name: 'checkouts', dataPoints: [{ attributes: { card: 'declined' }, value: 1 }] },
    ])
  })

  test('the test before is forgotten, the providers live on', async () => {
    expect(tape.spans()).toEqual([])
    await checkout('valid')
    const charge = await tape.waitForSpan({ name: 'charge', attributes: { card: 'valid' } })
    expect(charge.parent.status).toEqual({ code: 'UNSET' })
    expect(await tape.metrics({ name: 'checkouts' })).toMatchObject([
      { dataPoints: [{ attributes: { card: 'valid' }, value: 1 }] },
    ])
    await tape.waitForSpan({ name: 'send receipt' })
  })

  test('a wait expires in real time under faked timers, and shows the tree', async () => {
    await checkout('valid')
    await tape.waitForSpan({ name: 'send receipt' })
    runner.useFakeTimers()
    const wait = tape.waitForSpan({ name: 'refund' }, { timeoutMillis: 50 })
    const error = await wait.catch((caught) => caught)
    expect(error).toMatchObject({ name: 'WaitTimeoutError', code: 'WAIT_TIMEOUT' })
    expect(error.message).toMatch(/checkout .*\n {4}charge .*\n {4}send receipt /)
  })

  test('a second capture, attached to a provider of its own, sees only that', async () => {
    const { TracerProvider } = require('@opentelemetry/sdk-trace')
    const other = startTestCapture()
    const provider = new TracerProvider({ spanProcessors: [other.spanProcessor()] })
    provider.getTracer('other').startSpan('elsewhere').end()
    expect(other.spans().map((span) => span.name)).toEqual(['elsewhere'])
    expect(tape.spans()).toEqual([])
    await other.stop()
  })
}

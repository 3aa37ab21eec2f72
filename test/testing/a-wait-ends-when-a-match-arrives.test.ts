// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SpanStatusCode } from '@opentelemetry/api'
import { type SpanMatch, startTestCapture } from '../../src/testing'
import { attachProviders, contextOf } from './attached-providers'

test('a span that has ended before is found at once', async () => {
  const tape = startTestCapture()
  attachProviders(tape).startSpan('early').end()
  await expect(tape.waitForSpan({ name: 'early' })).resolves.toMatchObject({ name: 'early' })
})

test('a span that ends later ends the wait as it ends: nothing polls', async () => {
  const tape = startTestCapture()
  const { startSpan } = attachProviders(tape)
  const steps: string[] = []
  const wait = tape.waitForSpan({ name: 'late' }).then(() => steps.push('found'))
  startSpan('other').end()
  const span = startSpan('late')
  await new Promise(setImmediate)
  expect(steps).toEqual([])
  span.end()
  // Promises settle before the event loop turns, so no timer can have had a part in it.
  await new Promise<void>((resolve) => process.nextTick(resolve))
  await new Promise<void>((resolve) => process.nextTick(resolve))
  expect(steps).toEqual(['found'])
  await wait
})

test('the first of several matches is the one that ended first', async () => {
  const tape = startTestCapture()
  const { startSpan } = attachProviders(tape)
  for (const attempt of [1, 2, 3]) startSpan('try', undefined, { attributes: { attempt } }).end()
  const span = await tape.waitForSpan((each) => each.name === 'try')
  expect(span.attributes).toEqual({ attempt: 1 })
})

test('several waits at once each get their own', async () => {
  const tape = startTestCapture()
  const { startSpan, logger } = attachProviders(tape)
  const waits = Promise.all([
    tape.waitForSpan({ name: 'a' }),
    tape.waitForSpan({ name: 'b' }),
    tape.waitForSpan({ name: /^[ab]$/ }),
    tape.waitForLog({ body: 'done' }),
  ])
  startSpan('b').end()
  startSpan('a').end()
  logger.emit({ body: 'done' })
  const [a, b, either, log] = await waits
  expect([a.name, b.name, either.name, log.body]).toEqual(['a', 'b', 'b', 'done'])
})

test('a predicate on relatives is asked again when relatives arrive', async () => {
  const tape = startTestCapture()
  const { startSpan, logger } = attachProviders(tape)
  const parent = startSpan('parent')
  const children = [startSpan('one', parent), startSpan('two', parent)]
  const complete = tape.waitForSpan((span) => span.children.length === 2)
  const chatty = tape.waitForSpan((span) => span.logs.length > 0)
  const logOfParent = tape.waitForLog((log) => log.span?.name === 'parent')
  logger.emit({ body: 'hello', context: contextOf(parent) })
  parent.end()
  for (const child of children) child.end()
  await expect(complete).resolves.toMatchObject({ name: 'parent' })
  await expect(chatty).resolves.toMatchObject({ name: 'parent' })
  await expect(logOfParent).resolves.toMatchObject({ body: 'hello' })
})

test('a predicate that throws fails its wait, not the code that ends the span', async () => {
  const tape = startTestCapture()
  const { startSpan } = attachProviders(tape)
  const wait = tape.waitForSpan(() => {
    throw new RangeError('wrong test')
  })
  expect(() => startSpan('span').end()).not.toThrow()
  await expect(wait).rejects.toThrow(new RangeError('wrong test'))
})

test('an aborted signal ends the wait with its reason, before and after', async () => {
  const tape = startTestCapture()
  const controller = new AbortController()
  const wait = tape.waitForSpan({ name: 'never' }, { signal: controller.signal })
  controller.abort(new Error('test is over'))
  await expect(wait).rejects.toThrow('test is over')
  await expect(tape.waitForLog({ body: 'never' }, { signal: controller.signal })).rejects.toThrow(
    'test is over',
  )
})

describe('a match', () => {
  const tape = startTestCapture()
  const { startSpan, logger } = attachProviders(tape)
  const root = startSpan('GET /cart', undefined, {
    attributes: { 'http.route': '/cart', ids: [1, 2], constructor: 'a name like any other' },
  })
  root.setStatus({ code: SpanStatusCode.ERROR })
  logger.emit({ body: { user: 7 }, eventName: 'login', severityText: 'INFO', severityNumber: 9 })
  logger.emit({ body: 'cart of user 7', attributes: { user: 7 }, context: contextOf(root) })
  root.end()
  const { traceId, spanId } = root.spanContext()

  test.each<SpanMatch>([
    { name: 'GET /cart' },
    { name: /cart$/g },
    { kind: 'INTERNAL' },
    { status: 'ERROR' },
    { serviceName: 'shop' },
    { scopeName: /^shop-/ },
    { traceId, spanId },
    { parentSpanId: undefined },
    { attributes: { 'http.route': '/cart' } },
    { attributes: { 'http.route': /^\/c/, ids: [1, 2] } },
    { attributes: { 'http.route': expect.any(String) as string } },
    { attributes: { constructor: 'a name like any other', toString: undefined } },
    { name: 'GET /cart', attributes: { 'http.status_code': undefined } },
  ])('%j finds the span, twice', (match) => {
    expect(tape.spans(match)).toHaveLength(1)
    expect(tape.spans(match)).toHaveLength(1)
  })

  test.each<SpanMatch>([
    { name: 'GET' },
    { name: /^cart/ },
    { kind: 'SERVER' },
    { status: 'OK' },
    { serviceName: undefined },
    { parentSpanId: spanId },
    { attributes: { ids: [2, 1] } },
    { attributes: { ids: /1/ } },
    { attributes: { 'http.route': undefined } },
    { attributes: { 'http.route': expect.any(Number) as number } },
    { name: 'GET /cart', status: 'UNSET' },
  ])('%j does not', (match) => {
    expect(tape.spans(match)).toEqual([])
  })

  test.each([
    [{ body: /user 7/ }, ['cart of user 7']],
    [{ body: { user: 7 } }, [{ user: 7 }]],
    [{ eventName: 'login', severityText: 'INFO', severityNumber: 9 }, [{ user: 7 }]],
    [{ attributes: { user: 7 }, traceId, spanId }, ['cart of user 7']],
    [{ serviceName: 'shop', scopeName: 'shop-lib', traceId: undefined }, [{ user: 7 }]],
    [{ body: 'cart' }, []],
  ])('%j finds log records', (match, bodies) => {
    expect(tape.logs(match).map((log) => log.body)).toEqual(bodies)
  })

  test.each([[{ nmae: 'GET' }], [{ attribute: {} }], ['GET /cart'], [null], [{ attributes: 'x' }]])(
    '%j is refused, because it would match everything or nothing',
    async (match) => {
      const wrong = match as unknown as SpanMatch
      const refused = expect.objectContaining({
        code: 'INVALID_MATCH',
        message: expect.stringMatching(/can't ask for .*name, kind, status, attributes/) as string,
      }) as Error
      expect(() => tape.spans(wrong)).toThrow(refused)
      await expect(tape.waitForSpan(wrong)).rejects.toThrow(refused)
    },
  )
})

test.each([-1, Number.NaN, Infinity, 2 ** 31, '5' as unknown as number])(
  'a time limit of %p is refused',
  async (timeoutMillis) => {
    const refused = expect.objectContaining({ code: 'INVALID_OPTION' }) as Error
    expect(() => startTestCapture({ timeoutMillis })).toThrow(refused)
    const wait = startTestCapture().waitForSpan({ name: 'x' }, { timeoutMillis })
    await expect(wait).rejects.toThrow(refused)
  },
)

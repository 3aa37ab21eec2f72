// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { type TestCapture, WaitTimeoutError, startTestCapture } from '../../src/testing'
import { attachProviders, contextOf } from './attached-providers'

const BRIEF = { timeoutMillis: 20 }

test('near misses, what is still open, and the trace tree', async () => {
  const tape = startTestCapture()
  const { startSpan, logger } = attachProviders(tape)
  const at = (millis: number): [number, number] => [1_700_000_000, millis * 1e6]
  const root = startSpan('POST /checkout', undefined, {
    kind: SpanKind.SERVER,
    startTime: at(0),
    attributes: { 'http.route': '/checkout', 'http.status_code': 500 },
  })
  const charge = startSpan('charge card', root, { kind: SpanKind.CLIENT, startTime: at(1) })
  charge.setStatus({ code: SpanStatusCode.ERROR, message: 'card\ndeclined' })
  startSpan('fraud check', charge, { startTime: at(1.5) }).end(at(1.75))
  charge.end(at(9.5))
  startSpan('send receipt', root, { startTime: at(10) })
  logger.emit({ body: 'declined', severityText: 'WARN', context: contextOf(root) })
  root.setStatus({ code: SpanStatusCode.OK })
  root.end(at(12))

  const match = {
    name: 'POST /checkout',
    attributes: { 'http.route': '/checkout', 'http.status_code': 200 },
  }
  const message = await expiryMessage(tape.waitForSpan(match, BRIEF))
  expect(message.replaceAll(root.spanContext().traceId, '<trace>')).toBe(
    `No span matching { name: 'POST /checkout', attributes: { 'http.route': '/checkout', 'http.status_code': 200 } } has ended within 20 ms.

Near misses:
  POST /checkout SERVER [shop] 12 ms OK: attributes['http.status_code'] is 500, not 200

Captured so far: ended spans 3, open spans 1, log records 1, traces 1.

Still open:
  send receipt [shop] (open)

trace <trace>
  POST /checkout SERVER [shop] 12 ms OK
    charge card CLIENT [shop] 8.5 ms ERROR: card declined
      fraud check [shop] 0.25 ms
    send receipt [shop] (open)`,
  )
})

test('a span of the name that was asked for is nearer than any other', async () => {
  const tape = startTestCapture()
  const { startSpan } = attachProviders(tape)
  startSpan('other', undefined, { attributes: { a: 1, b: 2 } }).end()
  startSpan('asked', undefined, { attributes: { a: 3 } }).end()
  startSpan('quite another').end()
  const match = { name: 'asked', attributes: { a: 1, b: 2 } }
  const message = await expiryMessage(tape.waitForSpan(match, BRIEF))
  const [, misses] = /Near misses:\n([^]*?)\n\n/.exec(message) ?? []
  expect(misses.replaceAll(/[\d.]+ ms/g, '<time>')).toBe(
    `  asked [shop] <time>: attributes['a'] is 3, not 1, attributes['b'] is undefined, not 2
  other [shop] <time>: name is 'other', not 'asked'`,
  )
})

test('a span that matches but has not ended is named first', async () => {
  const tape = startTestCapture()
  attachProviders(tape).startSpan('upload')
  const message = await expiryMessage(tape.waitForSpan({ name: 'upload' }, BRIEF))
  expect(message).toContain('It matches, but has not ended:\n  upload [shop] (open)')
})

test('a span whose parent is elsewhere says so', async () => {
  const tape = startTestCapture()
  const { startSpan, tracerProvider } = attachProviders(tape)
  const elsewhere = tracerProvider.getTracer('x').startSpan('elsewhere')
  await tape.reset()
  startSpan('here', elsewhere, { startTime: [1, 0] }).end([1, 2e6])
  expect(tape.traceTree()).toContain(
    `here [shop] 2 ms (its parent ${elsewhere.spanContext().spanId} is not captured)`,
  )
})

test('a wait for a log record shows the last ones', async () => {
  const tape = startTestCapture()
  const { logger } = attachProviders(tape)
  for (let i = 0; i < 30; i++) logger.emit({ body: `line ${i}`, severityText: 'INFO' })
  const wait = tape.waitForLog({ body: 'line 30', severityText: 'INFO' }, BRIEF)
  const message = await expiryMessage(wait)
  expect(message).toMatch(
    /^No log record matching \{ body: 'line 30', severityText: 'INFO' \} was emitted within 20 ms/,
  )
  expect(message).toContain(`[shop] INFO 'line 0': body is 'line 0', not 'line 30'`)
  expect(message).toContain(`The last log records:\n  [shop] INFO 'line 10'\n`)
})

test('a predicate is quoted', async () => {
  const tape = startTestCapture()
  attachProviders(tape).startSpan('x').end()
  const wait = tape.waitForSpan((span) => span.durationMillis > 1e9, BRIEF)
  expect(await expiryMessage(wait)).toMatch(/No span that satisfies .*durationMillis > 1e9.* has/)
})

test('a capture that is attached to nothing says how to attach it', async () => {
  const tape = startTestCapture()
  expect(await expiryMessage(tape.waitForSpan({ name: 'x' }, BRIEF))).toContain(
    'give tape.spanProcessor() to yours in its spanProcessors, or start the capture with',
  )
  expect(await expiryMessage(tape.waitForLog({ body: 'x' }, BRIEF))).toContain(
    'give tape.logRecordProcessor() to yours in its logRecordProcessors',
  )
})

test('a capture whose provider is not the one in use says so', async () => {
  const tape = startTestCapture()
  attachProviders(tape)
  expect(await expiryMessage(tape.waitForSpan({ name: 'x' }, BRIEF))).toContain(
    'has handed on nothing at all',
  )
})

test('the message stays readable whatever was captured', async () => {
  const tape = startTestCapture()
  const { startSpan } = attachProviders(tape)
  for (let i = 0; i < 500; i++) startSpan('n'.repeat(10_000))
  for (let i = 0; i < 500; i++) startSpan('m', undefined, { attributes: { i } }).end()
  const match = { name: 'm', attributes: { i: -1, text: 'x'.repeat(10_000) } }
  const message = await expiryMessage(tape.waitForSpan(match, BRIEF))
  expect(message.length).toBeLessThan(30_000)
  expect(message).toMatch(/… and \d+ more lines$/)
})

test('traces deeper than the stack are drawn', () => {
  const tape = startTestCapture()
  const { startSpan } = attachProviders(tape)
  let span = startSpan('0')
  for (let i = 1; i < 20_000; i++) span = startSpan(String(i), span)
  expect(tape.traceTree().split('\n')).toHaveLength(20_001)
})

test('the stack leads to the line of the test that waited', async () => {
  const error = await rejection(startTestCapture().waitForSpan({ name: 'x' }, BRIEF))
  expect(error.stack).toMatch(/^WaitTimeoutError: No span matching/)
  expect(error.stack).toContain('an-expired-wait-tells-what-happened-instead.test.ts')
})

test('the error is typed', async () => {
  const tape: TestCapture = startTestCapture({ timeoutMillis: 10 })
  const error = await rejection(tape.waitForSpan({ name: 'x' }))
  expect(error).toBeInstanceOf(WaitTimeoutError)
  expect(error).toMatchObject({ name: 'WaitTimeoutError', code: 'WAIT_TIMEOUT', timeoutMillis: 10 })
})

async function expiryMessage(wait: Promise<unknown>): Promise<string> {
  return (await rejection(wait)).message
}

async function rejection(wait: Promise<unknown>): Promise<Error> {
  return wait.then(
    () => {
      throw new Error('The wait should have expired.')
    },
    (error: Error) => error,
  )
}

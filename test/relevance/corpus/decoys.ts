// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Call, CallMaker } from './call'
import type { Flow } from './shop-flows'
import { chance, hex, integer, pick, type Random } from './random'
import { exceptionEvent } from './wording'

/** Healthy work that speaks of trouble: names, tables and settings which a search by words finds. */
export const DECOY_FLOWS: readonly Flow[] = [
  'frontend: retry-config.load',
  'checkout: TimeoutSettings.refresh',
  'orders: DeadlockDetector.scan',
  'media: disk-usage.sample',
  'auth: ExpiredSessionSweeper.run',
  'auth: certificate-inventory.scan',
  'payment: DeclinedPaymentsExport.run',
  'recommendation: MemoryStats.report',
  'catalog: cache-warmup',
  'catalog: slow-query-log.rotate',
  'inventory: ConnectionPool.resize',
  'inventory: LowStockReport.build',
  'shipping: rate-limit-rules.reload',
  'shipping: dns-prefetch',
  'notification: error-template.compile',
  'fulfilment: consumer-lag.measure',
  'reporting: schema-registry.sync',
  'frontend: PermissionMatrix.render',
  'search: NullValueFilter.apply',
].map((text) => {
  const [service = '', name = ''] = text.split(': ')
  return { name, weight: 0.25, build: (make, random) => decoy(make, random, service, name) }
})

function decoy(make: CallMaker, random: Random, service: string, name: string): Call {
  const calls = chance(random, 0.5) ? [make.sql(service, 'postgresql', 'SELECT', 'settings')] : []
  const call = make.internal(service, name, 30, calls)
  Object.assign(
    call.attributes,
    pick(random, [
      { 'app.retry.max': 3, 'app.timeout_ms': 5000 },
      { 'app.pool.max': 20, 'app.pool.in_use': integer(random, 0, 12) },
      { 'app.outcome': 'ok', 'app.errors': 0, 'app.rows': integer(random, 0, 400) },
      { 'app.certificate.days_left': integer(random, 30, 300) },
      { 'app.disk.used_percent': integer(random, 10, 70), 'app.memory.used_percent': 41 },
    ]),
  )
  return call
}

/** What goes by without anybody asking: a late answer, a miss, an attempt that the next one made good. */
export function addHealthyNoise(root: Call, random: Random): void {
  const calls = flatten(root)
  for (const call of calls) {
    if (call.site === 'cache' && chance(random, 0.15)) {
      call.events.push({ name: 'cache miss', attributes: { 'cache.hit': false } })
    }
    if (call.site === 'external' && chance(random, 0.02)) {
      call.events.push({ name: 'retry scheduled', attributes: { 'retry.attempt': 1 } })
    }
    if (chance(random, 0.01)) call.ownMillis *= integer(random, 2, 4)
  }
}

/** Errors of every day that no query asks for. */
export function failOrdinarily(root: Call, random: Random): void {
  const calls = flatten(root)
  const failing = pick(random, calls)
  const [type, message] = pick<[string, string]>(random, [
    ['NotFoundException', `product ${hex(random, 6)} not found`],
    ['InvalidCouponError', 'coupon SUMMER24 does not apply to this basket'],
    ['BadCredentialsException', 'wrong e-mail or password'],
    ['CanceledError', 'the client closed the request'],
    ['CaptchaFailed', 'captcha score below 0.3'],
    ['UnsupportedMediaTypeError', 'image/heic is not supported'],
    ['AddressNotServed', 'we do not ship to this region'],
    ['UnsupportedOperationException', 'not implemented'],
  ])
  failing.error = { message: chance(random, 0.5) ? message : '' }
  failing.events.push(exceptionEvent(type, message, failing, random))
  root.error = { message: '' }
  for (const key of ['http.status_code', 'http.response.status_code']) {
    if (key in root.attributes) root.attributes[key] = pick(random, [400, 404, 409, 422])
  }
}

function flatten(call: Call): Call[] {
  return [call, ...call.children.flatMap(flatten)]
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Anomaly } from '../../../src/query/analysis/anomalies/anomaly'
import { findAnomalies } from '../../../src/query/analysis/anomalies/find-anomalies'
import { readSessionModel } from '../../../src/query/analysis/read-session-model'
import { MemoryStore } from '../../../src/storage/memory-store'
import type { Fault } from '../../support/generated-shop/fault'
import { recordShop } from '../../support/generated-shop/record-shop'
import { planShop } from '../../support/generated-shop/shop-plan'
import { EPOCH_MILLIS } from '../../support/recording'

const DURATION_MILLIS = 20 * 60_000
const WINDOW = { from: 0.5, to: 0.8 }

async function anomaliesOf(fault: Omit<Fault, 'from' | 'to'>): Promise<Anomaly[]> {
  const store = new MemoryStore()
  const sessionId = 'incident'
  await recordShop(store, sessionId, {
    plan: planShop(1),
    seed: 1,
    traces: 600,
    durationMillis: DURATION_MILLIS,
    load: 'steady',
    drift: 0,
    fault: { ...fault, ...WINDOW },
  })
  return findAnomalies(await readSessionModel({ store, sessionId }))
}

test('of a slow service and all who wait for it, the slow one is named', async () => {
  const [cause, ...others] = await anomaliesOf({
    kind: 'slow-operation',
    service: 'fraud',
    operation: 'fraud/Check',
    strength: 120,
    share: 1,
  })
  expect(cause).toMatchObject({
    kind: 'latency-shift',
    place: { service: 'fraud', operation: 'Check', operationKind: 'server' },
    effect: { measure: 'ratio' },
  })
  expect(cause.affected).toEqual([
    'payment Charge',
    'checkout PlaceOrder',
    'frontend POST /checkout',
  ])
  expect(cause.after.value).toBeGreaterThan(100)
  expect(cause.before.value).toBeLessThan(40)
  expect(cause.summary).toMatch(/^fraud Check takes 1\d\d ms by itself, [\d.]+ ms before/)
  expect(others.filter(({ kind }) => kind === 'latency-shift')).toEqual([])
})

test('when it began and ended is told to a few percent of the session', async () => {
  const [{ fromUnixMillis, toUnixMillis }] = await anomaliesOf({
    kind: 'slow-operation',
    service: 'currency',
    operation: 'currency/Convert',
    strength: 80,
    share: 1,
  })
  const from = (fromUnixMillis - EPOCH_MILLIS) / DURATION_MILLIS
  const to = (toUnixMillis - EPOCH_MILLIS) / DURATION_MILLIS
  expect(Math.abs(from - WINDOW.from)).toBeLessThan(0.06)
  expect(Math.abs(to - WINDOW.to)).toBeLessThan(0.06)
})

test('the statement that is slow is named, not the database with all of them', async () => {
  const found = await anomaliesOf({
    kind: 'slow-peer',
    service: 'catalog',
    operation: 'catalog/GetProduct',
    call: 'catalog/GetProduct > postgres',
    peer: 'postgres',
    strength: 60,
    share: 1,
  })
  const slow = found.filter(({ kind }) => kind === 'latency-shift')
  expect(slow).toHaveLength(1)
  expect(slow[0].place.statement).toMatch(/WHERE id =/)
})

test('errors of those who are called again and again follow from the storm', async () => {
  const found = await anomaliesOf({
    kind: 'retry-storm',
    service: 'checkout',
    operation: 'checkout/PlaceOrder',
    call: 'checkout/PlaceOrder > payment/Charge',
    peer: 'payment',
    strength: 5,
    share: 0.9,
  })
  expect(found[0]).toMatchObject({
    kind: 'retry-storm',
    place: { service: 'checkout', operation: 'PlaceOrder', peer: 'payment' },
  })
  const errors = found.filter(({ kind }) => kind === 'error-rate-shift')
  expect(errors.map(({ place }) => place.service)).toContain('payment')
  expect(found.slice(1).filter(({ explainedBy }) => explainedBy !== 0)).toEqual([])
})

test('a service that is gone for a while shows in the calls that do not reach it', async () => {
  const [cause] = await anomaliesOf({
    kind: 'vanished-service',
    service: 'cart',
    strength: 1,
    share: 1,
  })
  expect(cause).toMatchObject({
    kind: 'error-rate-shift',
    place: { operationKind: 'client', peer: 'cart' },
  })
})

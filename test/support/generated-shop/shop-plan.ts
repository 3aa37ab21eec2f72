// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SeededRandom } from './seeded-random'

/** What the shop is made of: who serves what, and calls whom. Nothing of when and how often. */
export interface ShopPlan {
  readonly seed: number
  /** Every few minutes a service logs many records at once. */
  readonly burstyLogs: boolean
  readonly operations: ReadonlyMap<string, PlannedOperation>
  /** What the shop's customers ask for, and how often beside each other. */
  readonly traffic: readonly { readonly operation: string; readonly weight: number }[]
}

export interface PlannedOperation {
  /** `cart/GET /cart` */
  readonly id: string
  readonly service: string
  readonly name: string
  /** Of its own work, without what it calls; a median. */
  readonly selfMillis: number
  /** Of the logarithm. */
  readonly sigma: number
  readonly errorRate: number
  /** Logged by a share of its calls. */
  readonly logTemplate: string
  readonly calls: readonly PlannedCall[]
}

export interface PlannedCall {
  /** `cart/GET /cart > redis` */
  readonly id: string
  readonly to: CalledOperation | CalledPeer
  /** Of the calls of its operation that make it. */
  readonly probability: number
  /** At once with the call before it. */
  readonly parallel: boolean
  /** It is made once to so many times: for each item in a cart, say. */
  readonly most: number
  /** Of its failures, how many fail the caller. */
  readonly fatal: number
}

export interface CalledOperation {
  readonly operation: string
}

export interface CalledPeer {
  readonly peer: string
  readonly system: string
  readonly statement: string
  readonly millis: number
  readonly sigma: number
  readonly errorRate: number
}

export interface PlanOptions {
  /** Wider: what is slow now and then is very slow. */
  readonly tailSigma?: number
  readonly errorRate?: number
  /** Adds operations that hardly anybody asks for. */
  readonly rareOperations?: boolean
  readonly burstyLogs?: boolean
}

type Sketch = readonly [
  service: string,
  name: string,
  millis: number,
  calls: readonly (string | readonly [peer: string, statement: string])[],
]

const SHOP: readonly Sketch[] = [
  ['frontend', 'GET /', 4, ['catalog/ListProducts', 'ads/GetAds', 'currency/Convert']],
  [
    'frontend',
    'GET /product/{id}',
    5,
    ['catalog/GetProduct', 'recommendation/List', 'currency/Convert'],
  ],
  ['frontend', 'GET /cart', 3, ['cart/GetCart', 'shipping/Quote', 'currency/Convert']],
  ['frontend', 'POST /cart', 3, ['catalog/GetProduct', 'cart/AddItem']],
  ['frontend', 'POST /checkout', 6, ['checkout/PlaceOrder']],
  [
    'checkout',
    'PlaceOrder',
    9,
    [
      'cart/GetCart',
      'shipping/Quote',
      'payment/Charge',
      'shipping/Ship',
      'cart/Empty',
      'email/Send',
    ],
  ],
  ['catalog', 'ListProducts', 6, [['postgres', 'SELECT * FROM products LIMIT 20']]],
  ['catalog', 'GetProduct', 3, [['postgres', 'SELECT * FROM products WHERE id = $1']]],
  ['recommendation', 'List', 12, ['catalog/ListProducts']],
  ['cart', 'GetCart', 2, [['redis', 'HGETALL cart']]],
  ['cart', 'AddItem', 2, [['redis', 'HSET cart']]],
  ['cart', 'Empty', 2, [['redis', 'DEL cart']]],
  ['shipping', 'Quote', 5, []],
  ['shipping', 'Ship', 8, [['postgres', 'INSERT INTO shipments VALUES ($1, $2)']]],
  ['payment', 'Charge', 18, ['fraud/Check', ['mysql', 'INSERT INTO charges VALUES ($1)']]],
  ['fraud', 'Check', 10, [['mysql', 'SELECT * FROM rules WHERE customer = $1']]],
  ['email', 'Send', 14, []],
  ['ads', 'GetAds', 7, [['redis', 'GET ads']]],
  ['currency', 'Convert', 1.5, []],
]

const RARE: readonly Sketch[] = [
  ['frontend', 'GET /admin/report', 20, ['reporting/Build']],
  ['reporting', 'Build', 60, [['mysql', 'SELECT SUM(amount) FROM charges']]],
  ['frontend', 'POST /support', 8, ['email/Send']],
]

const SYSTEMS: Readonly<Record<string, string>> = {
  postgres: 'postgresql',
  redis: 'redis',
  mysql: 'mysql',
}

/** The shop of a seed: always the same services, each time of other speed and habits. */
export function planShop(seed: number, options: PlanOptions = {}): ShopPlan {
  const random = new SeededRandom(seed)
  const operations = new Map<string, PlannedOperation>()
  for (const sketch of options.rareOperations ? [...SHOP, ...RARE] : SHOP) {
    const operation = planOperation(sketch, random, options)
    operations.set(operation.id, operation)
  }
  const traffic = [
    { operation: 'frontend/GET /', weight: random.between(2, 4) },
    { operation: 'frontend/GET /product/{id}', weight: random.between(2, 5) },
    { operation: 'frontend/GET /cart', weight: random.between(1, 2) },
    { operation: 'frontend/POST /cart', weight: random.between(1, 2) },
    { operation: 'frontend/POST /checkout', weight: random.between(1.5, 3) },
  ]
  if (options.rareOperations) {
    traffic.push({ operation: 'frontend/GET /admin/report', weight: random.between(0.02, 0.1) })
    traffic.push({ operation: 'frontend/POST /support', weight: random.between(0.05, 0.2) })
  }
  return { seed, burstyLogs: options.burstyLogs ?? false, operations, traffic }
}

function planOperation(
  [service, name, millis, targets]: Sketch,
  random: SeededRandom,
  { tailSigma = 0, errorRate = 0.004 }: PlanOptions,
): PlannedOperation {
  const id = `${service}/${name}`
  const spread = (): number => random.between(0.3, 0.6) + tailSigma
  const calls = targets.map((target): PlannedCall => {
    const habits = {
      probability: random.chance(0.3) ? random.between(0.5, 0.95) : 1,
      parallel: random.chance(0.25),
      most: random.chance(0.15) ? random.whole(2, 4) : 1,
      fatal: random.chance(0.3) ? random.between(0, 0.5) : 1,
    }
    if (typeof target === 'string') {
      return { id: `${id} > ${target}`, to: { operation: target }, ...habits }
    }
    const [peer, statement] = target
    const to: CalledPeer = {
      peer,
      system: SYSTEMS[peer] ?? peer,
      statement,
      millis: random.logBetween(1, 8),
      sigma: spread(),
      errorRate: random.between(0, errorRate),
    }
    return { id: `${id} > ${peer}`, to, ...habits }
  })
  return {
    id,
    service,
    name,
    selfMillis: millis * random.between(0.6, 1.8),
    sigma: spread(),
    errorRate: random.between(0, errorRate),
    logTemplate: `${name.toLowerCase()} took %n ms for customer %h`,
    calls,
  }
}

/** How often a request of a customer comes to each operation, on average. */
export function expectedCalls(plan: ShopPlan): Map<string, number> {
  const expected = new Map<string, number>()
  const visit = (id: string, share: number): void => {
    expected.set(id, (expected.get(id) ?? 0) + share)
    for (const call of plan.operations.get(id)?.calls ?? []) {
      const rate = share * call.probability
      if ('operation' in call.to) visit(call.to.operation, rate)
    }
  }
  const total = plan.traffic.reduce((sum, { weight }) => sum + weight, 0)
  for (const { operation, weight } of plan.traffic) visit(operation, weight / total)
  return expected
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Call, CallMaker } from './call'
import { chance, integer, pick, type Random } from './random'

/** One kind of request to the shop, or job in it. */
export interface Flow {
  name: string
  /** How often it is seen beside the others. */
  weight: number
  build(make: CallMaker, random: Random): Call
}

/** What a shop of twelve services does all day. */
export const SHOP_FLOWS: readonly Flow[] = [
  { name: 'browse', weight: 20, build: browse },
  { name: 'product', weight: 22, build: product },
  { name: 'search', weight: 14, build: search },
  { name: 'recommendations', weight: 10, build: recommendations },
  { name: 'cart', weight: 12, build: cart },
  { name: 'checkout', weight: 10, build: checkout },
  { name: 'login', weight: 7, build: login },
  { name: 'account', weight: 5, build: account },
  { name: 'upload', weight: 4, build: upload },
  { name: 'fulfil', weight: 8, build: fulfil },
  { name: 'notify', weight: 6, build: notify },
  { name: 'report', weight: 1.5, build: report },
  { name: 'reindex', weight: 1, build: reindex },
  { name: 'refund', weight: 2, build: refund },
]

function browse(make: CallMaker, random: Random): Call {
  const list = chance(random, 0.6)
    ? [make.cache('catalog', 'GET', 'category')]
    : [
        make.cache('catalog', 'GET', 'category'),
        make.sql('catalog', 'postgresql', 'SELECT', 'products', 6),
      ]
  return make.serve('frontend', 'GET', '/api/products', [
    make.rpc('frontend', 'catalog', 'shop.Catalog/ListProducts', list),
  ])
}

function product(make: CallMaker, random: Random): Call {
  const lookups = [make.sql('catalog', 'postgresql', 'SELECT', 'products')]
  if (chance(random, 0.3))
    lookups.push(make.sql('catalog', 'postgresql', 'SELECT', 'product_reviews', 4))
  const stock = make.rpc('catalog', 'inventory', 'shop.Inventory/GetStock', [
    make.sql('inventory', 'postgresql', 'SELECT', 'stock'),
  ])
  return make.serve('frontend', 'GET', '/api/products/{id}', [
    make.rpc('frontend', 'catalog', 'shop.Catalog/GetProduct', [...lookups, stock]),
  ])
}

function search(make: CallMaker, random: Random): Call {
  const root = make.serve('frontend', 'GET', '/api/search', [
    make.rpc('frontend', 'search', 'shop.Search/Query', [
      make.internal('search', 'QueryParser.parse', 1),
      make.sql('search', 'elasticsearch', 'search', 'product_index', 18),
    ]),
  ])
  // What people look for: words of trouble that mean none.
  root.attributes['app.search.query'] = pick(random, [
    'running shoes',
    'slow cooker',
    'coffee',
    'timeout game clock',
    'memory card 64gb',
    'disk brake pads',
    'cash register',
    'failed states paperback',
    'error 404 t-shirt',
    'dead pool poster',
    'lock for bicycle',
    'garden hose',
    'pressure cooker',
    'rate monitor',
    'cache pot',
    'queue barrier rope',
    'expired film camera',
  ])
  return root
}

function recommendations(make: CallMaker, random: Random): Call {
  const features = Array.from({ length: integer(random, 1, 3) }, () =>
    make.cache('recommendation', 'MGET', 'features'),
  )
  return make.serve('frontend', 'GET', '/api/recommendations', [
    make.rpc('frontend', 'recommendation', 'shop.Recommendation/List', [
      ...features,
      make.internal('recommendation', 'Model.predict', 22),
    ]),
  ])
}

function cart(make: CallMaker, random: Random): Call {
  const add = chance(random, 0.5)
  const calls = [make.cache('cart', add ? 'HSET' : 'HGETALL', 'cart')]
  if (add) {
    calls.push(
      make.rpc('cart', 'inventory', 'shop.Inventory/Check', [
        make.sql('inventory', 'postgresql', 'SELECT', 'stock'),
      ]),
    )
  }
  return make.serve('frontend', add ? 'POST' : 'GET', '/api/cart', [
    make.rpc('frontend', 'cart', add ? 'shop.Cart/AddItem' : 'shop.Cart/GetCart', calls),
  ])
}

function checkout(make: CallMaker, random: Random): Call {
  const reserve = make.rpc('checkout', 'inventory', 'shop.Inventory/Reserve', [
    make.sql('inventory', 'postgresql', 'SELECT', 'stock'),
    make.sql('inventory', 'postgresql', 'UPDATE', 'stock', 5),
  ])
  const charge = make.rpc('checkout', 'payment', 'shop.Payment/Charge', [
    make.internal('payment', 'FraudScorer.score', 6),
    make.external('payment', 'api.cardgate.example', 'POST', '/v2/charges', 180),
    make.sql('payment', 'postgresql', 'INSERT', 'payments', 4),
  ])
  const ship = make.rpc('checkout', 'shipping', 'shop.Shipping/CreateShipment', [
    make.external('shipping', 'rates.parcelhub.example', 'POST', '/shipments', 120),
  ])
  const order = make.rpc('checkout', 'orders', 'shop.Orders/Create', [
    make.sql('orders', 'mysql', 'INSERT', 'orders', 4),
    make.sql('orders', 'mysql', 'INSERT', 'order_lines', 4),
  ])
  const root = make.serve('frontend', 'POST', '/api/checkout', [
    make.rpc('frontend', 'checkout', 'shop.Checkout/PlaceOrder', [
      make.rpc('checkout', 'cart', 'shop.Cart/GetCart', [make.cache('cart', 'HGETALL', 'cart')]),
      reserve,
      charge,
      ship,
      order,
      make.publish('checkout', 'order-events'),
    ]),
  ])
  root.attributes['app.order.currency'] = pick(random, ['EUR', 'USD', 'GBP', 'JPY'])
  root.attributes['app.feature.flags'] = pick(random, [
    '',
    'paymentRetry',
    'slowImages=off',
    'newTimeouts',
  ])
  return root
}

function login(make: CallMaker, random: Random): Call {
  const path = pick(random, ['/api/login', '/api/session/refresh'])
  return make.serve('frontend', 'POST', path, [
    make.rpc('frontend', 'auth', path === '/api/login' ? 'shop.Auth/Login' : 'shop.Auth/Refresh', [
      make.sql('auth', 'mysql', 'SELECT', 'users'),
      make.internal('auth', 'TokenService.issue', 8),
      make.cache('auth', 'SETEX', 'session'),
    ]),
  ])
}

function account(make: CallMaker): Call {
  return make.serve('frontend', 'GET', '/api/account/orders', [
    make.rpc('frontend', 'auth', 'shop.Auth/Verify', [make.cache('auth', 'GET', 'session')]),
    make.rpc('frontend', 'orders', 'shop.Orders/ListForUser', [
      make.sql('orders', 'mysql', 'SELECT', 'orders', 9),
    ]),
  ])
}

function upload(make: CallMaker): Call {
  return make.serve('frontend', 'POST', '/api/reviews/photo', [
    make.rpc('frontend', 'media', 'shop.Media/Store', [
      make.internal('media', 'ImageResizer.resize', 90),
      make.internal('media', 'TempFile.write', 8),
      make.bucket('media', 'PutObject', 'shop-review-photos'),
    ]),
  ])
}

function fulfil(make: CallMaker): Call {
  const consumed = make.consume('fulfilment', 'order-events', [
    make.internal('fulfilment', 'OrderEvent.deserialize', 1),
    make.sql('fulfilment', 'postgresql', 'INSERT', 'pick_lists', 4),
    make.sql('fulfilment', 'postgresql', 'UPDATE', 'warehouse_slots', 5),
    make.publish('fulfilment', 'shipment-requests'),
  ])
  return make.publish('checkout', 'order-events', [consumed])
}

function notify(make: CallMaker, random: Random): Call {
  // A topic may be about failures without being one.
  const topic = pick(random, ['order-confirmations', 'payment-failed-notices', 'delay-apologies'])
  const consumed = make.consume('notification', topic, [
    make.internal('notification', 'TemplateRenderer.render', 4),
    make.external('notification', 'smtp-relay.mailer.example', 'POST', '/send', 60),
    make.sql('notification', 'postgresql', 'INSERT', 'sent_mails'),
  ])
  return make.publish('orders', topic, [consumed])
}

/** Slow every night, and well. */
function report(make: CallMaker): Call {
  return make.internal('reporting', 'NightlyRevenueReport.run', 4000, [
    make.sql('reporting', 'postgresql', 'SELECT', 'orders', 180_000),
    make.sql('reporting', 'postgresql', 'SELECT', 'failed_payments', 60_000),
    make.internal('reporting', 'ReportWriter.write', 2500),
    make.bucket('reporting', 'PutObject', 'shop-reports', 900),
  ])
}

function reindex(make: CallMaker): Call {
  return make.internal('search', 'ReindexJob.run', 9000, [
    make.sql('search', 'elasticsearch', 'search', 'product_index', 90_000),
    make.sql('search', 'elasticsearch', 'bulk', 'product_index', 240_000),
  ])
}

function refund(make: CallMaker): Call {
  return make.serve('payment', 'POST', '/internal/refunds', [
    make.sql('payment', 'postgresql', 'SELECT', 'payments'),
    make.external('payment', 'api.cardgate.example', 'POST', '/v2/refunds', 160),
    make.sql('payment', 'postgresql', 'UPDATE', 'payments'),
  ])
}

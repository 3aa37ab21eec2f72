// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Traces of a shop, no two of the same content, as `ingestBatch` takes them.

const SERVICES = [
  'frontend',
  'checkout',
  'cart',
  'payment',
  'shipping',
  'inventory',
  'orders',
  'mail',
]
const OPERATIONS = ['GET /cart', 'POST /orders', 'PlaceOrder', 'Charge', 'Reserve', 'SELECT orders']
const FAULTS = [
  ['PSQLException', 'ERROR: deadlock detected'],
  ['SocketTimeoutException', 'Read timed out'],
  ['OutOfMemoryError', 'Java heap space'],
  ['UnknownHostException', 'getaddrinfo ENOTFOUND partner'],
]
const FAULTY_EVERY = 50
const SPANS = 5
const START_NANOS = 1_790_000_000_000_000_000n

/** What is searched for, and with which of these words traces were made. */
export const QUERIES = [
  'slow checkout',
  'deadlock in orders database',
  'payment timed out',
  'databse deadlok',
  'out of memory',
  'hostname cannot be looked up',
  'inventory reserve coupon 77',
  'GET /cart error',
]

/** Deterministic: the same traces for each who asks. */
export function* searchedTraces(count) {
  const random = mulberry(7)
  const pick = (list) => list[Math.floor(random() * list.length)]
  for (let index = 0; index < count; index++) {
    const fault = index % FAULTY_EVERY === 0 ? pick(FAULTS) : undefined
    const traceId = (index + 1).toString(16).padStart(32, '0')
    const start = START_NANOS + BigInt(index) * 1_000_000n
    const factor = index % 97 === 0 ? 20 : 0.7 + random()
    const spans = Array.from({ length: SPANS }, (_, at) =>
      makeSpan({ at, index, start, factor, pick, fault: at === SPANS - 1 ? fault : undefined }),
    )
    yield { traceId, spans }
  }
}

function makeSpan({ at, index, start, factor, pick, fault }) {
  const begin = start + BigInt(at) * 1_000n
  const millis = (SPANS - at) * 20 * factor
  return {
    spanId: (index * SPANS + at + 1).toString(16).padStart(16, '0'),
    parentSpanId: at === 0 ? undefined : (index * SPANS + at).toString(16).padStart(16, '0'),
    name: pick(OPERATIONS),
    serviceName: pick(SERVICES),
    kind: 2,
    startTimeUnixNano: begin,
    endTimeUnixNano: begin + BigInt(Math.round(millis * 1e6)),
    status: fault ? { code: 2, message: fault[1] } : { code: 0 },
    attributes: {
      'http.request.method': 'POST',
      'http.response.status_code': fault ? 500 : 200,
      'url.path': `/shop/${pick(SERVICES)}`,
      'db.system.name': at === SPANS - 1 ? 'postgresql' : undefined,
      // What makes contents differ: as many as there are traces, of words that repeat.
      'app.campaign': `spring ${index % 317} coupon ${Math.floor(index / 317)}`,
      'network.protocol.version': '1.1',
    },
    events: fault
      ? [
          {
            name: 'exception',
            timeUnixNano: begin,
            attributes: { 'exception.type': fault[0], 'exception.message': fault[1] },
          },
        ]
      : [],
  }
}

function mulberry(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

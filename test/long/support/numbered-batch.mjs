// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Requests whose spans can be found again by looking for bytes, without decoding
// anything: every trace id begins with the same eight bytes, then come the number
// of its batch and its own number in it.

const MARK = Buffer.from('a7f30c5e91d2486b', 'hex')
const TRACE_ID_BYTES = 16
const templates = new Map()

export function createBatch(number, spans) {
  const { body, idPositions } = templateOf(spans)
  const batch = Buffer.from(body)
  for (const position of idPositions) batch.writeUInt32BE(number, position + MARK.length)
  return batch
}

/**
 * How often each batch's spans are in these bytes, added to `counts` (batch → spans). Returns
 * where to go on when more bytes are there: a span may begin in the last ones.
 */
export function countSpans(bytes, counts) {
  let from = 0
  for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, from)) {
    if (at + TRACE_ID_BYTES > bytes.length) return at
    const batch = bytes.readUInt32BE(at + MARK.length)
    counts.set(batch, (counts.get(batch) ?? 0) + 1)
    from = at + TRACE_ID_BYTES
  }
  return Math.max(from, bytes.length - MARK.length + 1)
}

function templateOf(spans) {
  const known = templates.get(spans)
  if (known) return known
  const scopeSpans = Buffer.concat(
    Array.from({ length: spans }, (_, index) => field(2, span(index))),
  )
  const resource = field(1, attribute('service.name', 'load'))
  const body = field(1, Buffer.concat([field(1, resource), field(2, scopeSpans)]))
  const idPositions = []
  for (let at = body.indexOf(MARK); at >= 0; at = body.indexOf(MARK, at + 1)) idPositions.push(at)
  if (idPositions.length !== spans) throw new Error('the mark is not unique in the template')
  templates.set(spans, { body, idPositions })
  return templates.get(spans)
}

function span(index) {
  const traceId = Buffer.concat([MARK, Buffer.alloc(8)])
  traceId.writeUInt32BE(index, 12)
  const spanId = Buffer.alloc(8)
  spanId.writeUInt32BE(Math.imul(index, 2654435761) >>> 0, 0)
  spanId.writeUInt32BE(index + 1, 4)
  const start = 1_790_000_000_000_000_000n + BigInt(index) * 1_234_567n
  return Buffer.concat([
    field(1, traceId),
    field(2, spanId),
    field(5, Buffer.from(`GET /products/{id}`)),
    Buffer.from([0x30, 2]),
    fixed64(7, start),
    fixed64(8, start + BigInt((index * 7919) % 900_000) * 1_000n),
    ...[
      ['http.request.method', 'GET'],
      ['url.path', `/products/${(index * 31) % 1000}`],
      ['server.address', 'shop.example'],
      ['user_agent.original', 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101'],
      ['app.customer.id', `customer-${(index * 7907) % 10_007}`],
    ].map(([key, value]) => field(9, attribute(key, value))),
  ])
}

function attribute(key, value) {
  return Buffer.concat([field(1, Buffer.from(key)), field(2, field(1, Buffer.from(value)))])
}

function field(number, content) {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(content.length), content])
}

function fixed64(number, value) {
  const bytes = Buffer.alloc(9)
  bytes[0] = (number << 3) | 1
  bytes.writeBigUInt64LE(value, 1)
  return bytes
}

function varint(value) {
  const bytes = []
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80)
  return Buffer.from([...bytes, value])
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { sampleRequest } from '../../src/otlp/sample-request'
import { createTraceSampler } from '../../src/otlp/sample-traces'
import type { JsonObject } from '../support/arbitrary-otlp'
import { arbitraryRequestBytes, encodeRequestJson, seededRandom } from '../support/arbitrary-otlp'
import { decodeIndependently } from '../support/independent-decoder'
import { arbitrarySeededRequest, itemsOf } from './json-request'

/** As the specification puts it, on the hex digits of the id. */
function isKept(traceId: string | undefined, ratio: number): boolean {
  if (traceId === undefined || !/^(?!0{32})[0-9a-f]{32}$/.test(traceId)) return true
  const smallest = ratio > 0 ? 1 : 0
  const threshold = 2n ** 56n - BigInt(Math.max(smallest, Math.round(ratio * 2 ** 56)))
  return BigInt(`0x${traceId.slice(18)}`) >= threshold
}

const ratios = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(0, 1, 0.5, 2 ** -24, 1 - 2 ** -24, 2 ** -53, 2 ** -32),
)

/** Lists from the request down to items, and what each of them lies in. */
const LISTS = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
} as const

type Sampled = keyof typeof LISTS

/** The request without the items of traces that are not kept, and without what that empties. */
function sampledJson(
  message: JsonObject,
  [list, ...inner]: readonly string[],
  ratio: number,
): JsonObject {
  const entries = (message[list] ?? []) as JsonObject[]
  const left = entries.flatMap((entry) => {
    if (inner.length === 0) return isKept(entry.traceId as string, ratio) ? [entry] : []
    const sampled = sampledJson(entry, inner, ratio)
    const isEmptied = itemsOf(entry).length > 0 && itemsOf(sampled).length === 0
    return isEmptied ? [] : [sampled]
  })
  const isLeft = ([name]: [string, unknown]) => name !== list || left.length > 0
  return Object.fromEntries(Object.entries({ ...message, [list]: left }).filter(isLeft))
}

describe.each<Sampled>(['traces', 'logs'])('in %s', (signal) => {
  test('what is kept is what the ids say, byte for byte; the rest is counted', () => {
    fc.assert(
      fc.property(arbitrarySeededRequest(signal), ratios, ({ json }, ratio) => {
        // In the order of field numbers, which is the order of `json`: else they could not be compared.
        const body = encodeRequestJson(signal, json)
        const { body: left, sampledOutItems } = sampleRequest(
          body,
          signal,
          createTraceSampler({ ratio }),
        )
        const expected = sampledJson(json, LISTS[signal], ratio)
        const gone = itemsOf(json).length - itemsOf(expected).length
        expect(sampledOutItems).toBe(gone)
        if (gone === 0) expect(left).toBe(body)
        else if (itemsOf(expected).length === 0) expect(left).toBe(undefined)
        else {
          const wanted = encodeRequestJson(signal, expected)
          expect(Buffer.compare(left ?? body, wanted)).toBe(0)
        }
      }),
      { numRuns: 40 },
    )
  })

  test('in requests of any order and with unknown fields as well', () => {
    const requests = arbitraryRequestBytes(signal, { unknownFields: true, anyOrder: true })
    fc.assert(
      fc.property(requests, ratios, (body, ratio) => {
        const idsIn = (bytes: Uint8Array) =>
          itemsOf(decodeIndependently(signal, bytes)).map(({ traceId }) =>
            Buffer.from((traceId ?? '') as Uint8Array).toString('hex'),
          )
        const { body: left } = sampleRequest(body, signal, createTraceSampler({ ratio }))
        const kept = idsIn(body).filter((traceId) => isKept(traceId, ratio))
        expect(left ? idsIn(left) : []).toEqual(kept)
      }),
      { numRuns: 20 },
    )
  })
})

test('two services that batch differently keep the same traces, whole', () => {
  const random = seededRandom(7)
  const traceIds = Array.from({ length: 400 }, () => randomTraceId(random).toString('hex'))
  const sampler = createTraceSampler({ ratio: 0.25 })
  const spansKeptBy = (size: number): string[] => {
    const shuffled = [...traceIds, ...traceIds, ...traceIds].sort(() => random() - 0.5)
    const kept: string[] = []
    for (let at = 0; at < shuffled.length; at += size) {
      const spans = shuffled.slice(at, at + size).map((traceId) => ({ traceId, name: 'x' }))
      const body = encodeRequestJson('traces', { resourceSpans: [{ scopeSpans: [{ spans }] }] })
      const { body: left } = sampleRequest(body, 'traces', sampler)
      const items = left ? itemsOf(decodeIndependently('traces', left)) : []
      kept.push(...items.map(({ traceId }) => Buffer.from(traceId as Uint8Array).toString('hex')))
    }
    return kept.sort()
  }
  const kept = spansKeptBy(1)
  expect(spansKeptBy(512)).toEqual(kept)
  expect(spansKeptBy(7)).toEqual(kept)
  // Each of them with its three spans.
  expect(kept.length).toBe(new Set(kept).size * 3)
})

test('the part of random traces that is kept is the ratio, and a smaller ratio keeps a part of them', () => {
  const random = seededRandom(11)
  const ids = Array.from({ length: 30_000 }, () => randomTraceId(random))
  const keptAt = (ratio: number): Set<Buffer> => {
    const sampler = createTraceSampler({ ratio })
    return new Set(ids.filter((id) => sampler.keeps(id, 0, id.length)))
  }
  let before = new Set<Buffer>()
  for (const ratio of [0, 0.001, 0.01, 0.1, 0.5, 0.9, 1]) {
    const kept = keptAt(ratio)
    // Five standard deviations.
    const deviation = 5 * Math.sqrt(ids.length * ratio * (1 - ratio))
    expect(Math.abs(kept.size - ids.length * ratio)).toBeLessThanOrEqual(deviation)
    expect([...before].every((id) => kept.has(id))).toBe(true)
    before = kept
  }
})

test.each([
  ['7fffffffffffff', false],
  ['80000000000000', true],
  ['80000000000001', true],
  ['7fffff00000000', false],
  ['ffffffffffffff', true],
  ['00000000000000', false],
])('at one half, an id that ends with %s is kept: %s', (end, expected) => {
  const id = Buffer.from(`ffffffffffffffffff${end}`, 'hex')
  expect(createTraceSampler({ ratio: 0.5 }).keeps(id, 0, 16)).toBe(expected)
})

test('the smallest ratio above 0 keeps one of 2^56', () => {
  const sampler = createTraceSampler({ ratio: Number.MIN_VALUE })
  const keeps = (hex: string) => sampler.keeps(Buffer.from(hex, 'hex'), 0, 16)
  expect([keeps('f'.repeat(32)), keeps(`${'f'.repeat(31)}e`)]).toEqual([true, false])
  expect(createTraceSampler({ ratio: 0 }).keeps(Buffer.alloc(16, 255), 0, 16)).toBe(false)
})

test('metrics are kept with their exemplars', () => {
  const exemplars = [{ traceId: '00000000000000000000000000000001', asInt: '1' }]
  const metrics = [{ name: 'm', gauge: { dataPoints: [{ exemplars }] } }]
  const body = encodeRequestJson('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })
  const sampled = sampleRequest(body, 'metrics', createTraceSampler({ ratio: 0 }))
  expect(sampled).toEqual({ body, sampledOutItems: 0 })
})

test.each<[unknown, RegExp]>([
  [{ ratio: 1.5 }, /'sampling.ratio' has to be a number from 0 to 1, got 1.5/],
  [{ ratio: NaN }, /got NaN/],
  [{ ratio: '0.5' }, /got 0.5/],
  [{}, /got undefined/],
  [null, /'sampling' has to be an object with a ratio, got null/],
  [{ ratio: 1, rate: 1 }, /'sampling' has no option 'rate'/],
])('%j is refused', (options, message) => {
  expect(() => createTraceSampler(options as { ratio: number })).toThrow(message)
})

function randomTraceId(random: () => number): Buffer {
  const id = Buffer.alloc(16)
  for (let at = 0; at < 16; at += 4) id.writeUInt32LE(Math.floor(random() * 2 ** 32), at)
  return id
}

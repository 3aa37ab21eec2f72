// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check'
import { filterServices } from '../../src/otlp/filter-services'
import type { OtlpBatch } from '../../src/otlp/otlp-batch'
import { startReplay } from '../../src/replay/start-replay'
import type { ReplayConfig } from '../../src/replay/replay-config'
import { type FoundBlockHeader, findBlockHeader } from '../../src/session/block-header'
import type { Damage } from '../../src/session/damage'
import { rawPrefix } from '../../src/session/session-keys'
import { type ReadSessionOptions, readSession } from '../../src/session/reading/session-reader'
import { MemoryStore } from '../../src/storage/memory-store'
import { accept, openTarget } from '../replay/otlp-target'
import { EPOCH_MILLIS, createWriter, makeBatch, readAll } from '../support/recording'

/** One block for each list of services, with a batch of two items for each of them. */
async function record(blocks: readonly (readonly string[])[]): Promise<MemoryStore> {
  const store = new MemoryStore()
  const writer = createWriter(store, 'x')
  let atMillis = EPOCH_MILLIS
  for (const services of blocks) {
    for (const service of services) {
      writer.write(makeBatch('traces', { names: ['a', 'b'], service, atMillis: atMillis++ }))
    }
    await writer.flush(AbortSignal.timeout(5_000))
  }
  await writer.close(AbortSignal.timeout(5_000))
  return store
}

/** Ruins what is deflated in the blocks that `isRuined` says: whoever inflates one, fails. */
async function ruin(
  store: MemoryStore,
  isRuined: (header: FoundBlockHeader['header']) => boolean,
): Promise<void> {
  for await (const { key } of store.list(rawPrefix('x'))) {
    const bytes = Buffer.from((await store.get(key)).body)
    for (let at = 0; at < bytes.length;) {
      const found = findBlockHeader(bytes.subarray(at))
      if (!found) throw new Error(`no block at ${at}`)
      const end = at + found.header.memberBytes
      if (isRuined(found.header)) bytes.fill(0xff, at + found.headerBytes, end)
      at = end
    }
    await store.put(key, bytes)
  }
}

const name = fc.constantFrom('cart', 'payment', 'checkout', 'ü/..')
const someBlocks = fc.array(fc.array(name, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 6,
})

test('and counts all the same as what filtering each of its batches leaves out', async () => {
  await fc.assert(
    fc.asyncProperty(someBlocks, fc.uniqueArray(name, { minLength: 1 }), async (blocks, wanted) => {
      const store = await record(blocks)
      const services = new Set<string>(wanted)
      const isOfOthers = (names: readonly string[] = []): boolean =>
        !names.some((name) => services.has(name))
      await ruin(store, ({ serviceNames }) => isOfOthers(serviceNames))
      const damage: Damage[] = []
      let leftOut = 0
      const options: ReadSessionOptions = {
        ...{ store, sessionId: 'x', services },
        onLeftOut: (itemCount) => (leftOut += itemCount),
        onDamage: (piece) => damage.push(piece),
      }
      const left = await readAll(options)
      expect(damage).toEqual([])
      const passed = blocks.filter((names) => !isOfOthers(names)).flat()
      expect(left).toHaveLength(passed.length)
      expect(leftOut).toBe(2 * (blocks.flat().length - passed.length))
    }),
    { numRuns: 40 },
  )
})

test.each([
  ['none', 'none'],
  ['relative', 'relative'],
] as const)('in a replay with times %s', async (_name, timestampAdjustment) => {
  const store = await record([['cart', 'cart'], ['payment'], ['cart', 'payment'], ['cart']])
  await ruin(store, ({ serviceNames }) => !serviceNames?.includes('payment'))
  await using target = await openTarget(accept)
  const config: ReplayConfig = { sessionId: 'x', store, targetEndpoint: target.url }
  const status = await startReplay({
    ...config,
    ...{ timestampAdjustment, filterServices: ['payment'], speedMultiplier: Infinity },
  }).finished
  expect(status).toMatchObject({
    ...{ totalRecords: 12, sentRecords: 4, filteredRecords: 8, failedRecords: 0, damaged: 0 },
  })
})

test('only what lies in the range asked for counts as left out', async () => {
  const store = await record([['cart', 'cart', 'cart'], ['payment']])
  let leftOut = 0
  await readAll({
    ...{ store, sessionId: 'x', services: new Set(['payment']) },
    fromUnixNano: BigInt(EPOCH_MILLIS + 1) * 1_000_000n,
    toUnixNano: BigInt(EPOCH_MILLIS + 2) * 1_000_000n,
    onLeftOut: (itemCount) => (leftOut += itemCount),
  })
  expect(leftOut).toBe(2)
})

test('a block with more services than its header lists is looked into', async () => {
  const services = Array.from({ length: 65 }, (_, index) => `service-${index}`)
  const store = await record([services])
  const batches = await readAll({ store, sessionId: 'x', services: new Set(['service-64']) })
  expect(batches).toHaveLength(65)
})

test('what has no name is nobody’s: alone, or beside a name that is asked for', async () => {
  const store = new MemoryStore()
  const writer = createWriter(store, 'x')
  const named = makeBatch('logs', { names: ['named'], service: 'cart' })
  const nameless: OtlpBatch = { ...named, body: withoutResource(named.body) }
  writer.write(nameless)
  await writer.flush(AbortSignal.timeout(5_000))
  writer.write(named)
  writer.write(nameless)
  await writer.close(AbortSignal.timeout(5_000))
  await using target = await openTarget(accept)
  const replay = startReplay({
    ...{ sessionId: 'x', store, targetEndpoint: target.url, speedMultiplier: Infinity },
    ...{ filterServices: ['cart'], timestampAdjustment: 'none' },
  })
  expect(await replay.finished).toMatchObject({ sentRecords: 1, filteredRecords: 2 })
  expect(target.requests.map(({ body }) => Buffer.from(body))).toEqual([Buffer.from(named.body)])
  expect(filterServices(nameless.body, 'logs', new Set(['cart'])).body).toBeUndefined()
})

/** The request's one entry without its resource, which stands first in it. */
function withoutResource(body: Uint8Array): Uint8Array {
  // Tag and length of the entry, then of the resource: all below 128 bytes here.
  const rest = body.subarray(4 + body[3])
  return Uint8Array.from([body[0], rest.length, ...rest])
}

test('a stream that is read asks for no more than what is wanted', async () => {
  const store = await record([['cart'], ['payment']])
  await ruin(store, ({ serviceNames }) => serviceNames?.includes('cart') === true)
  const stream = readSession({ store, sessionId: 'x', services: new Set(['payment']) })
  expect(await stream.toArray()).toHaveLength(1)
})

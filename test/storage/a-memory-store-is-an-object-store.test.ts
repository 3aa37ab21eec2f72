// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto'
import { MemoryStore } from '../../src/storage/memory-store'
import { describeStore } from '../support/store-conformance'

describeStore('MemoryStore', async () => {
  const name = randomUUID()
  return { store: new MemoryStore(name), other: new MemoryStore(name), remove: async () => {} }
})

it('has its own objects unless it has a name', async () => {
  const one = new MemoryStore()
  await one.put('key', Buffer.from('x'))
  expect(await new MemoryStore().head('key')).toBeUndefined()
})

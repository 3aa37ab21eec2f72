// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { resourceFromAttributes } from '@opentelemetry/resources'
import { encodeSpans } from '../../src/otlp/encode-spans'
import type { Resource } from '../../src/otlp/sdk-types'
import { decodeIndependently } from '../support/independent-decoder'
import { realSpans, variantOf } from './real-telemetry'

async function attributeKeys(resource: Resource): Promise<string[]> {
  const [span] = await realSpans()
  const owned = variantOf(span, { resource })
  const request = decodeIndependently('traces', encodeSpans([owned])) as unknown as {
    resourceSpans: { resource: { attributes?: { key: string }[] } }[]
  }
  return (request.resourceSpans[0].resource.attributes ?? []).map(({ key }) => key)
}

test('attributes that a detector still owes appear as soon as they are there', async () => {
  const owed = Promise.resolve('i-0abc')
  const resource = resourceFromAttributes({ 'service.name': 'shop', 'host.id': owed })
  expect(await attributeKeys(resource)).toEqual(['service.name'])
  await resource.waitForAsyncAttributes?.()
  expect(await attributeKeys(resource)).toEqual(['service.name', 'host.id'])
  expect(await attributeKeys(resource)).toEqual(['service.name', 'host.id'])
})

test('a settled resource is read once', async () => {
  const resource = resourceFromAttributes({ 'service.name': 'shop' })
  const attributes = jest.spyOn(resource, 'attributes', 'get')
  await attributeKeys(resource)
  await attributeKeys(resource)
  expect(attributes).toHaveBeenCalledTimes(1)
})

test('a resource of one’s own making may change', async () => {
  const attributes: Record<string, string> = { a: '1' }
  const [{ resource }] = await realSpans()
  const own: Resource = { attributes, merge: () => resource, getRawAttributes: () => [] }
  expect(await attributeKeys(own)).toEqual(['a'])
  attributes.b = '2'
  expect(await attributeKeys(own)).toEqual(['a', 'b'])
})

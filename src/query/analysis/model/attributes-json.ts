// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { AnyValueJson, KeyValueJson } from '../../metrics-json'

const MAX_VALUE_LENGTH = 200

/** Those with a plain value, by their keys. */
export function plainAttributes(
  attributes: readonly KeyValueJson[] = [],
): Record<string, string | number | boolean> {
  const plain: Record<string, string | number | boolean> = {}
  for (const { key = '', value } of attributes) {
    const text = plainValue(value)
    if (text !== undefined) plain[key] = text
  }
  return plain
}

/** `{a=1, b=x}`, by key: the same whatever order they were sent in. */
export function describeAttributes(attributes: readonly KeyValueJson[] = []): string {
  const parts = attributes.map(({ key = '', value }) => {
    const text = plainValue(value) ?? JSON.stringify(value ?? '')
    return `${key}=${String(text).slice(0, MAX_VALUE_LENGTH)}`
  })
  return `{${parts.sort().join(', ')}}`
}

function plainValue(value: AnyValueJson | undefined): string | number | boolean | undefined {
  if (value === undefined) return undefined
  const { stringValue, boolValue, intValue, doubleValue } = value
  return stringValue ?? boolValue ?? intValue ?? doubleValue
}

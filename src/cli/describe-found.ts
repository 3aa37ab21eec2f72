// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { FoundDamage } from '../session/damage'
import { readableCount } from './readable-figures'

/** A piece that a verification found, in one line. */
export function describeFound(damage: FoundDamage): string {
  const { key, offsetBytes, reason, signal, itemCount, message } = damage
  if (reason === 'missing') {
    const what = itemCount === undefined ? '' : `${readableCount(itemCount, 'item')} of ${signal}, `
    return `missing: ${what}${key}: ${message}`
  }
  const fate = reason === 'inconsistent' ? 'readable' : 'lost'
  const items = itemCount === undefined ? '' : `, ${readableCount(itemCount, 'item')} ${fate}`
  return `damaged: ${key} at byte ${offsetBytes} (${reason})${items}: ${message}`
}

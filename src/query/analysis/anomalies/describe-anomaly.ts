// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { AnomalyFigure, AnomalyPlace, FoundAnomaly } from './anomaly'

/** `checkout PlaceOrder takes 80 ms by itself, 12 ms before (6.7 times as long)` */
export function describeAnomaly({ kind, place, before, after, effect }: FoundAnomaly): string {
  const where = nameOf(place)
  const { service, peer = 'it' } = place
  const change = `${figure(after)}, ${figure(before)} before`
  switch (kind) {
    case 'latency-shift': {
      const what = isCall(place) ? `${where} waits for ${peer}` : `${where} takes`
      const rest = isCall(place) ? '' : ' by itself'
      return `${what} ${figure(after)}${rest}, ${figure(before)} before (${times(effect.value)} as long)`
    }
    case 'error-rate-shift':
      return `${where}${isCall(place) ? ` calling ${peer}` : ''} fails by itself in ${change}`
    case 'n-plus-one':
      return `${where} calls ${peer} ${round(after.value)} times each, ${round(before.value)} before`
    case 'retry-storm':
      return `${where} calls ${peer} again and again as it fails, in ${change}`
    case 'new-service':
      return `${service} is new, in ${figure(after)}`
    case 'vanished-service':
      return `${service} is gone; it was in ${figure(before)}`
    case 'new-edge':
      return `${service} calls ${peer}, which it did not before, in ${figure(after)} with ${service}`
    case 'vanished-edge':
      return `${service} no longer calls ${peer}; it did in ${figure(before)} with ${service}`
    case 'new-operation':
      return `${where} is new, in ${figure(after)} with ${service}`
    case 'vanished-operation':
      return `${where} is gone; it was in ${figure(before)} with ${service}`
    case 'log-burst':
      return `${service} logs "${place.logTemplate}" (${place.logSeverity}): ${change}`
    case 'metric-shift':
      return `${place.metric} of ${service} is at ${change}`
  }
}

function isCall({ operationKind, peer }: AnomalyPlace): boolean {
  return operationKind === 'client' && peer !== undefined
}

function nameOf({ service, operation }: AnomalyPlace): string {
  return operation === undefined ? service : `${service} ${operation}`
}

function figure({ value, unit }: AnomalyFigure): string {
  const tight = unit.startsWith('%')
  return `${round(value)}${tight || unit === '' ? '' : ' '}${unit}`
}

function times(ratio: number): string {
  return ratio > 1_000 ? 'over 1,000 times' : `${round(ratio)} times`
}

/** To two digits, or three before the point. */
function round(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return Number(value.toFixed(digits)).toLocaleString('en-US')
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { unixNano } from '../../otlp/unix-nano'

/** OTLP's times are unsigned, of 64 bits. */
const MAX_UNIX_NANO = 2n ** 64n - 1n

const ISO_TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9})\d*)?(Z|[+-]\d{2}:?\d{2})?)?$/i

/**
 * A time in any of the forms that a trace may have, as nanoseconds since the Unix epoch;
 * `undefined` if it is none, or not after the epoch. Numbers are nanoseconds.
 */
export function readTime(value: unknown): bigint | undefined {
  const time = parse(value)
  return time !== undefined && time > 0n && time <= MAX_UNIX_NANO ? time : undefined
}

function parse(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') {
    return Number.isFinite(value) ? BigInt(Math.round(value)) : undefined
  }
  if (typeof value === 'string') {
    return /^\d{1,20}$/.test(value) ? BigInt(value) : parseIso(value.trim())
  }
  if (value instanceof Date) return fromMillis(value.getTime())
  return isHrTime(value) ? unixNano(value) : undefined
}

function isHrTime(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isFinite)
}

/** To the nanosecond, which `Date` would lose; without a zone it is UTC, wherever this runs. */
function parseIso(text: string): bigint | undefined {
  const [, day, clock = '00:00', fraction = '', zone = 'Z'] = ISO_TIME.exec(text) ?? []
  if (day === undefined) return undefined
  const seconds = fromMillis(Date.parse(`${day}T${clock}${withColon(zone)}`))
  return seconds === undefined ? undefined : seconds + BigInt(fraction.padEnd(9, '0'))
}

function withColon(zone: string): string {
  return zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase()
}

function fromMillis(millis: number): bigint | undefined {
  return Number.isNaN(millis) ? undefined : BigInt(Math.round(millis)) * 1_000_000n
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const NANOS_PER_SECOND = 1_000_000_000n

/** `2026-01-02T03:04:05.000000006Z`. */
export function formatUnixNano(unixNano: bigint): string {
  const seconds = unixNano / NANOS_PER_SECOND
  const date = new Date(Number(seconds) * 1000)
  // Beyond what a Date can hold, the number says more than nothing.
  if (Number.isNaN(date.getTime())) return String(unixNano)
  const fraction = String(unixNano % NANOS_PER_SECOND).padStart(9, '0')
  return `${date.toISOString().slice(0, -5)}.${fraction}Z`
}

/** `+12.000000006 s`: exact, and with its sign. */
export function formatOffset(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos
  const fraction = String(size % NANOS_PER_SECOND).padStart(9, '0')
  return `${nanos < 0n ? '-' : '+'}${size / NANOS_PER_SECOND}.${fraction} s`
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const SIZE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** `1.4 MB`; a megabyte is 10^6 bytes. */
export function readableSize(bytes: number): string {
  let size = bytes
  let unit = 0
  while (size >= 999.5 && unit < SIZE_UNITS.length - 1) {
    size /= 1000
    unit++
  }
  return `${unit > 0 && size < 99.95 ? size.toFixed(1) : Math.round(size)} ${SIZE_UNITS[unit]}`
}

/** `12,345`, or with a noun `1 item`, `12,345 items`. */
export function readableCount(count: number, noun?: string): string {
  const figure = count.toLocaleString('en-US')
  return noun === undefined ? figure : `${figure} ${noun}${count === 1 ? '' : 's'}`
}

/** `340 ms`, `12.3 s`, `5 min 20 s`, `3 h 5 min`, `2 d 7 h`. */
export function readableDuration(millis: number): string {
  if (millis < 1000) return `${Math.round(millis)} ms`
  if (millis < 59_950) return `${(millis / 1000).toFixed(1)} s`
  const seconds = Math.round(millis / 1000)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  if (hours === 0) return `${minutes} min ${seconds % 60} s`
  if (days === 0) return `${hours} h ${minutes % 60} min`
  return `${days} d ${hours % 24} h`
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Rows of eight-bit numbers, and their products with a query. */
export interface Int8Scanner {
  /** How many numbers a row has: the dimensions, and zeros up to a multiple of 16. */
  readonly stride: number
  /** Makes room for so many rows. Throws a `RangeError` where there is none to be had. */
  reserve(rows: number): void
  /** A row, to be read and written until the next `reserve`. */
  row(at: number): Int8Array
  /**
   * The products of `query` with `count` rows, until the next call.
   *
   * @param query numbers of at most {@link queryPeak}
   * @param count from 1 to {@link SCAN_ROWS}
   */
  dots(query: Int16Array, first: number, count: number): Int32Array
}

/** How many rows a scan takes at once: few enough that their products stay in a fast cache. */
export const SCAN_ROWS = 8_192

/** The largest number of a row, of either sign. */
export const ROW_PEAK = 127

export function strideOf(dimensions: number): number {
  return Math.ceil(dimensions / 16) * 16
}

/** The largest number that a query may hold, of either sign: with it no sum leaves 32 bits. */
export function queryPeak(stride: number): number {
  return Math.min(2 ** 15 - 1, Math.floor((2 ** 31 - 1) / (ROW_PEAK * stride)))
}

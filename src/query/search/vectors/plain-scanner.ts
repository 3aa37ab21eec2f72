// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Int8Scanner, SCAN_ROWS, strideOf } from './int8-scanner'

const CHUNK_ROWS = 1_024

/** The same without WebAssembly, some twenty times slower. */
export function createPlainScanner(dimensions: number): Int8Scanner {
  return new PlainScanner(strideOf(dimensions))
}

class PlainScanner implements Int8Scanner {
  readonly #chunks: Int8Array[] = []
  readonly #products = new Int32Array(SCAN_ROWS)

  constructor(readonly stride: number) {}

  reserve(rows: number): void {
    while (this.#chunks.length * CHUNK_ROWS < rows) {
      this.#chunks.push(new Int8Array(CHUNK_ROWS * this.stride))
    }
  }

  row(at: number): Int8Array {
    const start = (at % CHUNK_ROWS) * this.stride
    return this.#chunks[Math.floor(at / CHUNK_ROWS)].subarray(start, start + this.stride)
  }

  dots(query: Int16Array, first: number, count: number): Int32Array {
    for (let at = 0; at < count; at++) {
      const row = this.row(first + at)
      let sum = 0
      for (let i = 0; i < row.length; i++) sum += row[i] * query[i]
      this.#products[at] = sum
    }
    return this.#products.subarray(0, count)
  }
}

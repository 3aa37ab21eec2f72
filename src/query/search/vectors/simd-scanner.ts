// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { int8Dots } from './int8-dots'
import { type Int8Scanner, SCAN_ROWS, strideOf } from './int8-scanner'

const PAGE_BYTES = 2 ** 16
const MAX_PAGES = 2 ** 16
/** By this much the memory grows at least: 4 MiB. */
const GROWTH_PAGES = 64
/** The query and the products are on the first page, the rows on those behind it. */
const PRODUCTS_AT = PAGE_BYTES - SCAN_ROWS * Int32Array.BYTES_PER_ELEMENT
const ROWS_AT = PAGE_BYTES

// Neither the language's types nor Node's have it as a value.
const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyConstructors }

interface WebAssemblyConstructors {
  Memory: new (limits: { initial: number; maximum: number }) => GrowingMemory
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { readonly exports: { readonly dots: Dots } }
}

interface GrowingMemory {
  /** Another one after each `grow`. */
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

type Dots = (query: number, row: number, count: number, stride: number, out: number) => void

/** The most rows that fit: an address has 32 bits, and must not reach the end of them. */
export function maxRows(dimensions: number): number {
  return Math.floor(((MAX_PAGES - 2) * PAGE_BYTES) / strideOf(dimensions))
}

/** Throws what `WebAssembly` throws where it can't be had. */
export function createSimdScanner(dimensions: number): Int8Scanner {
  return new SimdScanner(strideOf(dimensions))
}

class SimdScanner implements Int8Scanner {
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES })
  readonly #dots: Dots

  constructor(readonly stride: number) {
    const imports = { vectors: { memory: this.#memory } }
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(int8Dots), imports)
    this.#dots = exports.dots
  }

  reserve(rows: number): void {
    const bytes = ROWS_AT + rows * this.stride
    const missing = Math.ceil((bytes - this.#memory.buffer.byteLength) / PAGE_BYTES)
    if (missing > 0) this.#memory.grow(Math.max(missing, this.#growth()))
  }

  row(at: number): Int8Array {
    return new Int8Array(this.#memory.buffer, this.#rowAt(at), this.stride)
  }

  dots(query: Int16Array, first: number, count: number): Int32Array {
    const { buffer } = this.#memory
    new Int16Array(buffer, 0, this.stride).set(query)
    this.#dots(0, this.#rowAt(first), count, this.stride, PRODUCTS_AT)
    return new Int32Array(buffer, PRODUCTS_AT, count)
  }

  #rowAt(row: number): number {
    return ROWS_AT + row * this.stride
  }

  #growth(): number {
    return Math.min(GROWTH_PAGES, MAX_PAGES - this.#memory.buffer.byteLength / PAGE_BYTES)
  }
}

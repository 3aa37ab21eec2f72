// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

type Numbers = Uint8Array | Uint32Array | Int32Array | Float64Array

/** Rows that a column begins with: a small session costs little. */
const FIRST_CAPACITY = 1024

/**
 * Columns of one table that grow together: a half more each time, so that the most that is held
 * beside the rows is what one column was before it grew.
 */
export class GrowingColumns<T extends Record<string, Numbers>> {
  readonly columns: T
  count = 0
  #capacity = FIRST_CAPACITY

  constructor(make: (capacity: number) => T) {
    this.columns = make(FIRST_CAPACITY)
  }

  /** The number of a new row, which has room in every column. */
  add(): number {
    if (this.count === this.#capacity) this.#grow()
    return this.count++
  }

  /** The columns at the length that they have come to. */
  finished(): T & { count: number } {
    const finished: Record<string, Numbers> = {}
    for (const [name, column] of Object.entries(this.columns)) {
      finished[name] = column.subarray(0, this.count)
    }
    // The same columns under the same names.
    return { ...(finished as T), count: this.count }
  }

  #grow(): void {
    this.#capacity = Math.ceil(this.#capacity * 1.5)
    for (const name of Object.keys(this.columns) as (keyof T)[]) {
      this.columns[name] = grown(this.columns[name], this.#capacity)
    }
  }
}

function grown<N extends Numbers>(column: N, capacity: number): N {
  const Column = column.constructor as new (length: number) => N
  const larger = new Column(capacity)
  larger.set(column)
  return larger
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Rows by the group that they are in: `rows.subarray(offsets[group], offsets[group + 1])`. */
export interface GroupedRows {
  readonly offsets: Uint32Array
  readonly rows: Uint32Array
}

export function groupRows(groupOf: Uint32Array, groups: number): GroupedRows {
  const offsets = new Uint32Array(groups + 1)
  for (const group of groupOf) offsets[group + 1]++
  for (let group = 0; group < groups; group++) offsets[group + 1] += offsets[group]
  const rows = new Uint32Array(groupOf.length)
  const next = offsets.slice(0, groups)
  for (let row = 0; row < groupOf.length; row++) rows[next[groupOf[row]]++] = row
  return { offsets, rows }
}

export function rowsOf({ offsets, rows }: GroupedRows, group: number): Uint32Array {
  return rows.subarray(offsets[group], offsets[group + 1])
}

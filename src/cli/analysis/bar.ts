// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const HEIGHTS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/** A bar of up to `columns`, for a share from 0 to 1. What is more than nothing shows. */
export function bar(share: number, columns: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * columns * 8)
  const shown = share > 0 ? Math.max(1, eighths) : 0
  return '█'.repeat(shown >> 3) + EIGHTHS[shown & 7]
}

/** A line of columns as high as the counts are, one character each; an empty one for none. */
export function sparkline(counts: readonly number[]): string {
  const most = Math.max(1, ...counts)
  return counts
    .map((count) => (count === 0 ? ' ' : HEIGHTS[Math.ceil((count / most) * HEIGHTS.length) - 1]))
    .join('')
}

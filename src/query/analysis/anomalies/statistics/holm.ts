// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * p-values as they are once one has looked at so many: the chance of even one false alarm stays
 * below the level they are compared with (S. Holm, A simple sequentially rejective multiple test
 * procedure, Scandinavian Journal of Statistics 6, 1979).
 */
export function adjustByHolm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => pValues[a] - pValues[b])
  const adjusted = new Array<number>(pValues.length)
  let highest = 0
  order.forEach((index, rank) => {
    highest = Math.max(highest, Math.min(1, pValues[index] * (pValues.length - rank)))
    adjusted[index] = highest
  })
  return adjusted
}

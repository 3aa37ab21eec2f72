// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ServiceGraphEdge } from '../service-graph'

/** What stands beside an arrow. */
export function edgeLabel({ calls, errors, duration }: ServiceGraphEdge): string[] {
  const label = [`${calls} ${calls === 1 ? 'call' : 'calls'}`, `p95 ${millis(duration.p95Millis)}`]
  return errors > 0 ? [...label, `${errors} failed`] : label
}

function millis(value: number): string {
  return value < 10 ? `${Number(value.toPrecision(2))} ms` : `${Math.round(value)} ms`
}

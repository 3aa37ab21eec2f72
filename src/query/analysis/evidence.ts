// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { TraceColumns } from './session-model'

/** Traces that show a finding: enough to look at, not all of them. */
const MAX_EVIDENCE = 5

/** Gathers the traces that show something best: those of the highest scores, the highest first. */
export class Evidence {
  readonly #traces: TraceColumns
  #best: { readonly trace: number; readonly score: number }[] = []

  constructor(traces: TraceColumns) {
    this.#traces = traces
  }

  add(trace: number, score: number): void {
    const last = this.#best.at(-1)
    if (this.#best.length === MAX_EVIDENCE && last && score <= last.score) return
    const known = this.#best.find((entry) => entry.trace === trace)
    if (known && known.score >= score) return
    this.#best = this.#best
      .filter((entry) => entry !== known)
      .concat({ trace, score })
      .sort((a, b) => b.score - a.score)
      .slice(0, MAX_EVIDENCE)
  }

  /** Spans without a trace id belong to no trace that could be looked at. */
  get traceIds(): string[] {
    return this.#best.map(({ trace }) => this.#traces.idOf(trace)).filter((id) => id !== '')
  }
}

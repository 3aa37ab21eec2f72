// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Items of one run under a fault. */
export interface RunFigures {
  readonly sent: number
  readonly stored: number
  readonly dropped: number
}

/** Adds up runs by fault and prints the table of the documentation, when somebody asks for it. */
export interface Figures {
  add(fault: string, figures: RunFigures): void
  print(): void
}

/** Printed where `OTEL_TAPE_TEST_FIGURES` is set. `title` says who was under the fault. */
export function createFigures(title: string): Figures {
  const rows = new Map<string, RunFigures & { runs: number }>()
  return {
    add(fault, { sent, stored, dropped }) {
      const row = rows.get(fault) ?? { runs: 0, sent: 0, stored: 0, dropped: 0 }
      rows.set(fault, {
        runs: row.runs + 1,
        sent: row.sent + sent,
        stored: row.stored + stored,
        dropped: row.dropped + dropped,
      })
    },
    print() {
      if (!process.env.OTEL_TAPE_TEST_FIGURES) return
      const lines = [...rows].map(
        ([fault, { runs, sent, stored, dropped }]) =>
          `${title} | ${fault} | ${runs} | ${sent} | ${stored} | ${dropped} | ${sent - stored - dropped}\n`,
      )
      process.stderr.write(lines.join(''))
    },
  }
}

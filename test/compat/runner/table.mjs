// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Prints what was checked on which line, and below it why anything failed. */
export function printTable(lines, results) {
  const rows = [
    ['', ...lines.map(({ title }) => title)],
    ...results.map(({ name, outcomes }) => [name, ...outcomes.map(({ message }) => message)]),
  ]
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  console.log()
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('   ')
        .trimEnd(),
    )
  }
  console.log()
  for (const { name, outcomes } of results) {
    for (const [index, { error }] of outcomes.entries()) {
      if (error) console.error(`${name}, ${lines[index].title}:\n${error.message}\n`)
    }
  }
}

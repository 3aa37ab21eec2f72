// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** Prints a bench's result for people: the machine, its tables, the figures and their targets. */
export function printReport({ title, machine, tables, figures = [], notes = [] }) {
  const { cpu, cores, memoryGiB, node } = machine
  console.log(`${title}\n${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}`)
  for (const table of tables) {
    console.log(table.title ? `\n${table.title}\n` : '')
    for (const line of tableLines(table)) console.log(line)
  }
  if (figures.length > 0) console.log('')
  for (const figure of figures) console.log(figureLine(figure))
  for (const note of notes) console.log(`\n${note}`)
}

function tableLines({ columns, rows }) {
  const cells = [columns, ...rows.map((row) => row.map(shown))]
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index].length)))
  const isNumeric = columns.map((_, index) => rows.every((row) => typeof row[index] === 'number'))
  const lines = cells.map((row) =>
    row
      .map((cell, index) =>
        isNumeric[index] ? cell.padStart(widths[index]) : cell.padEnd(widths[index]),
      )
      .join(' | '),
  )
  const rule = widths.map((width, index) =>
    isNumeric[index] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  )
  // As Markdown, so that it can be written down as it is.
  return [lines[0], rule.join(' | '), ...lines.slice(1)].map((line) => `| ${line} |`)
}

function figureLine({ name, value, unit = '', atMost, atLeast }) {
  const figure = `${name} = ${shown(value)}${unit && ` ${unit}`}`
  if (atMost === undefined && atLeast === undefined) return figure
  const isMet = value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity)
  const target = atMost === undefined ? `at least ${atLeast}` : `at most ${atMost}`
  return `${figure} (target: ${target}${isMet ? '' : '; missed'})`
}

/** Three digits tell what a noisy machine can. */
function shown(value) {
  if (typeof value !== 'number') return value
  if (Number.isInteger(value)) return value.toLocaleString('en-US')
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ServiceGraph } from '../service-graph'
import { edgeLabel } from './edge-label'

const SHAPES: Readonly<Record<string, string>> = Object.freeze({
  service: 'box',
  database: 'cylinder',
  messaging: 'cds',
  host: 'ellipse',
})

/** The widest line; the others are drawn in proportion to the logarithm of their calls. */
const MAX_PEN_WIDTH = 5

/**
 * The graph in DOT, for Graphviz: lines are as wide as there are calls, dashed where the caller
 * does not wait, red where calls failed. Names are escaped, whatever is in them.
 *
 * @example
 * const { graph } = await analyzeSession('debug-payment')
 * await writeFile('graph.dot', graphToDot(graph)) // dot -Tsvg graph.dot > graph.svg
 */
export function graphToDot({ nodes, edges }: ServiceGraph): string {
  const numbers = new Map(nodes.map(({ id }, index) => [id, `n${index}`]))
  const most = Math.max(1, ...edges.map(({ calls }) => calls))
  const shapes = nodes.map(({ name, kind, isInstrumented }, index) => {
    const style = isInstrumented ? 'solid' : 'dashed'
    return `  n${index} [label=${quoted([name])}, shape=${SHAPES[kind]}, style=${style}];`
  })
  const arrows = edges.map((edge) => {
    const width = 1 + (MAX_PEN_WIDTH - 1) * (Math.log1p(edge.calls) / Math.log1p(most))
    const attributes = [
      `label=${quoted(edgeLabel(edge))}`,
      `penwidth=${width.toFixed(1)}`,
      ...(edge.kind === 'async' ? ['style=dashed'] : []),
      ...(edge.errors > 0 ? ['color="#cc0000"'] : []),
    ]
    return `  ${numbers.get(edge.from)} -> ${numbers.get(edge.to)} [${attributes.join(', ')}];`
  })
  return ['digraph session {', '  rankdir=LR;', ...shapes, ...arrows, '}', ''].join('\n')
}

/** Lines as one string of DOT, in which nothing but their ends is an escape, or HTML. */
function quoted(lines: readonly string[]): string {
  const safe = lines.map((line) =>
    line
      .replace(/\p{Surrogate}/gu, '\ufffd')
      .replace(/[\u0000-\u0020\u007f-\u009f\u2028\u2029]+/g, ' ')
      .replace(/\\/g, '\\\\')
      .replace(/"/g, '\\"')
      .replace(/&/g, '&amp;'),
  )
  return `"${safe.join('\\n')}"`
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ServiceGraph, ServiceGraphEdge } from '../service-graph'
import { edgeLabel } from './edge-label'

/** Shapes by what a node is: a round one for what sent nothing itself, a drum for a database. */
const SHAPES: Readonly<Record<string, readonly [open: string, close: string]>> = Object.freeze({
  service: ['["', '"]'],
  database: ['[("', '")]'],
  messaging: ['[["', '"]]'],
  host: ['(["', '"])'],
})
const UNINSTRUMENTED_SERVICE = Object.freeze(['("', '")'] as const)

/**
 * The graph as a Mermaid flowchart, for Markdown: an arrow for each edge, dotted where the caller
 * does not wait. Names are escaped, whatever is in them.
 *
 * @example
 * const { graph } = await analyzeSession('debug-payment')
 * await writeFile('graph.mmd', graphToMermaid(graph))
 */
export function graphToMermaid({ nodes, edges }: ServiceGraph): string {
  const numbers = new Map(nodes.map(({ id }, index) => [id, `n${index}`]))
  const shapes = nodes.map(({ name, kind, isInstrumented }, index) => {
    const isOther = kind === 'service' && !isInstrumented
    const [open, close] = isOther ? UNINSTRUMENTED_SERVICE : SHAPES[kind]
    return `  n${index}${open}${escaped(name)}${close}`
  })
  const arrows = edges.map((edge) => {
    const arrow = edge.kind === 'async' ? '-.->' : '-->'
    return `  ${numbers.get(edge.from)} ${arrow}|"${escaped(labelOf(edge))}"| ${numbers.get(edge.to)}`
  })
  return ['flowchart LR', ...shapes, ...arrows, ''].join('\n')
}

function labelOf(edge: ServiceGraphEdge): string {
  return edgeLabel(edge).join(', ')
}

/**
 * Whatever could mean something to Mermaid, to Markdown in its labels or to the HTML they become,
 * as the entity that Mermaid has for it. An empty label is no label to it.
 */
function escaped(text: string): string {
  const safe = text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/[\u0000-\u0020\u007f-\u009f\u2028\u2029]+/g, ' ')
    .replace(/[!-+;-@[-`{-~]/g, (character) =>
      character === '_' ? '_' : `#${character.codePointAt(0)};`,
    )
    .trim()
  return safe === '' ? '#32;' : safe
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { execFileSync, spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { graphToDot } from '../../../src/query/analysis/report/graph-to-dot'
import { graphToMermaid } from '../../../src/query/analysis/report/graph-to-mermaid'
import type { ServiceGraph } from '../../../src/query/analysis/service-graph'
import { anyCodePoint } from '../../support/any-code-point'

const durations = { meanMillis: 1, p50Millis: 1, p95Millis: 12.345, p99Millis: 1, maxMillis: 1 }
const KINDS = ['service', 'database', 'messaging', 'host'] as const

function graphOf(names: readonly string[], failed = 0): ServiceGraph {
  const nodes = names.map((name, index) => ({
    id: `${index}:${name}`,
    kind: KINDS[index % KINDS.length],
    name,
    isInstrumented: index % 3 === 0,
    spans: 1,
    errors: 0,
    spansPerSecond: 1,
  }))
  const edges = nodes.map(({ id }, index) => ({
    from: id,
    to: nodes[(index + 1) % nodes.length].id,
    kind: index % 2 === 0 ? ('call' as const) : ('async' as const),
    calls: index + 1,
    errors: failed,
    callsPerSecond: 1,
    duration: durations,
    histogram: [],
    slowestTraceIds: [],
    failedTraceIds: [],
  }))
  return { nodes, edges }
}

const HOSTILE = [
  '"]; n1 --> n0; x["',
  '"]; evil [label="',
  'a\nb\r\u2028c',
  '\\" \\N \\',
  '</script><img src=x onerror=alert(1)>',
  '&lt;#quot;;`**x**`',
  'end',
  '',
  '   ',
  '%%{init: {}}%%',
  '|x|',
  '\ud800',
  '日本 🛒',
]

/** All of the text, or it is no such graph: what is in a string ends at its quotation mark. */
const MERMAID_LABEL = String.raw`"(?:[^"#;<>&\x60\\|{}\[\]\p{Cc}\u2028\u2029]|#\d+;)+"`
const MERMAID = new RegExp(
  `^flowchart LR\\n(?:  n\\d+(?:\\[${MERMAID_LABEL}\\]|\\[\\(${MERMAID_LABEL}\\)\\]|` +
    `\\[\\[${MERMAID_LABEL}\\]\\]|\\(\\[${MERMAID_LABEL}\\]\\)|\\(${MERMAID_LABEL}\\))\\n)*` +
    `(?:  n\\d+ (?:-->|-\\.->)\\|${MERMAID_LABEL}\\| n\\d+\\n)*$`,
  'u',
)
const DOT_STRING = String.raw`"(?:[^"\\\p{Cc}\u2028\u2029&]|&amp;|\\\\|\\"|\\n)*"`
const DOT_ATTRIBUTES = `\\[\\w+=(?:[\\w.]+|${DOT_STRING})(?:, \\w+=(?:[\\w.]+|${DOT_STRING}))*\\]`
const DOT = new RegExp(
  `^digraph session \\{\\n  rankdir=LR;\\n(?:  n\\d+ ${DOT_ATTRIBUTES};\\n)*` +
    `(?:  n\\d+ -> n\\d+ ${DOT_ATTRIBUTES};\\n)*\\}\\n$`,
  'u',
)

test.each(HOSTILE)('a service called %j stays a name in both formats', (name) => {
  const graph = graphOf([name, 'cart', name], 2)
  expect(graphToMermaid(graph)).toMatch(MERMAID)
  expect(graphToDot(graph)).toMatch(DOT)
})

test('so does any other', () => {
  const names = fc.array(fc.string({ unit: anyCodePoint }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(names, fc.nat(2), (given, failed) => {
      const graph = graphOf(given, failed)
      expect(graphToMermaid(graph)).toMatch(MERMAID)
      expect(graphToDot(graph)).toMatch(DOT)
    }),
  )
})

test('names of letters stand there as they are, with what there is to say of their calls', () => {
  const graph = graphOf(['web', 'shop_db'], 3)
  expect(graphToMermaid(graph).split('\n')).toEqual([
    'flowchart LR',
    '  n0["web"]',
    '  n1[("shop_db")]',
    '  n0 -->|"1 call, p95 12 ms, 3 failed"| n1',
    '  n1 -.->|"2 calls, p95 12 ms, 3 failed"| n0',
    '',
  ])
  expect(graphToDot(graph).split('\n')).toEqual([
    'digraph session {',
    '  rankdir=LR;',
    '  n0 [label="web", shape=box, style=solid];',
    '  n1 [label="shop_db", shape=cylinder, style=dashed];',
    '  n0 -> n1 [label="1 call\\np95 12 ms\\n3 failed", penwidth=3.5, color="#cc0000"];',
    '  n1 -> n0 [label="2 calls\\np95 12 ms\\n3 failed", penwidth=5.0, style=dashed, color="#cc0000"];',
    '}',
    '',
  ])
})

test('a graph of nothing is one', () => {
  expect(graphToMermaid({ nodes: [], edges: [] })).toMatch(MERMAID)
  expect(graphToDot({ nodes: [], edges: [] })).toMatch(DOT)
})

const hasGraphviz = spawnSync('dot', ['-V']).status === 0

;(hasGraphviz ? test : test.skip)('Graphviz reads what is written for it', () => {
  const drawn = execFileSync('dot', ['-Tplain'], { input: graphToDot(graphOf(HOSTILE)) })
  expect(drawn.toString().match(/^node /gm)).toHaveLength(HOSTILE.length)
})

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Command, InvalidArgumentError, Option } from 'commander'
import { graphToDot } from '../query/analysis/report/graph-to-dot'
import { graphToMermaid } from '../query/analysis/report/graph-to-mermaid'
import type { SessionAnalysis } from '../query/analysis/session-analysis'
import { SIGNALS } from '../otlp/signal'
import { readMetadata } from '../session/membership'
import { isSessionId } from '../session/session-id'
import type { ObjectStore } from '../storage/object-store'
import { reportLines } from './analysis/report-lines'
import { jsonLine } from './json-line'
import {
  type GlobalOptions,
  type LayoutChoice,
  type TimeRange,
  fromOption,
  layoutOption,
  parseSessionName,
  rangeOf,
  untilOption,
} from './option-parsers'
import type { Terminal } from './terminal'
import { UsageError } from './usage-error'
import { describeDamage } from './watch-replay'
import { withStore } from './with-store'

const EXPLANATION = `
Examples:
  otel-tape analyze debug-payment
  otel-tape analyze debug-payment --baseline healthy-run --top 3
  otel-tape analyze debug-payment --graph mermaid > graph.mmd
  otel-tape analyze debug-payment --json | jq '.patterns[] | {kind, summary, traceIds}'

Shows who calls whom, which operations traces wait for, calls that cost time and might
not have to, what is unusual (or different from --baseline), and how logs, metrics and
traces belong together. Everything names traces that show it.`

const DEFAULT_TOP = 10

interface AnalyzeCommandOptions extends GlobalOptions, LayoutChoice, TimeRange {
  baseline?: string
  graph?: 'mermaid' | 'dot'
  maxSpans?: number
  top: number
}

export function addAnalyzeCommand(program: Command, terminal: Terminal): void {
  program
    .command('analyze')
    .description('what a session tells: service graph, slow and repeated calls, anomalies')
    .argument('<session>', 'its id, or a prefix with --layout awss3', parseSessionName)
    .option('--baseline <session>', 'tell what is different from this session', parseSessionName)
    .addOption(
      new Option('--graph <format>', 'print the service graph alone').choices(['mermaid', 'dot']),
    )
    .option('--top <count>', 'of each list, show so many', parseCount, DEFAULT_TOP)
    .option('--max-spans <count>', 'analyse no more than these (default: 2000000)', parseCount)
    .addOption(fromOption())
    .addOption(untilOption())
    .addOption(layoutOption())
    .addHelpText('after', EXPLANATION)
    .action(async (sessionId: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<AnalyzeCommandOptions>()
      if (options.json && options.graph) {
        throw new UsageError('--json has the graph in it: give either --json or --graph')
      }
      await withStore(options.store, (store) => analyze(store, sessionId, options, terminal))
    })
}

async function analyze(
  store: ObjectStore,
  sessionId: string,
  options: AnalyzeCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { baseline, layout, maxSpans } = options
  const bar = terminal.showProgress('reading')
  let analysis: SessionAnalysis
  try {
    const totals = await expectedItems(store, [sessionId, baseline], terminal.signal)
    analysis = await loadAnalysis().analyzeSession(sessionId, {
      store,
      layout,
      baseline,
      maxSpans,
      ...rangeOf(options),
      signal: terminal.signal,
      onProgress: ({ sessionId: read, items }) =>
        bar.update(items, Math.max(items, totals.get(read) ?? 0), ` items of ${read}`),
    })
  } finally {
    bar.stop()
  }
  for (const damage of analysis.damage) terminal.complain(describeDamage(damage))
  await terminal.print(...outputLines(analysis, options, terminal))
}

function outputLines(
  analysis: SessionAnalysis,
  { json = false, graph, top }: AnalyzeCommandOptions,
  { columns }: Terminal,
): string[] {
  if (json) return [jsonLine(analysis)]
  if (graph === 'mermaid') return [graphToMermaid(analysis.graph).trimEnd()]
  if (graph === 'dot') return [graphToDot(analysis.graph).trimEnd()]
  return [...reportLines(analysis, { columns, top })]
}

/** How many items there are to read, of sessions that say so. */
async function expectedItems(
  store: ObjectStore,
  sessionIds: readonly (string | undefined)[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const items = new Map<string, number>()
  for (const id of sessionIds) {
    if (id === undefined || !isSessionId(id)) continue
    const signals = (await readMetadata(store, id, { signal }))?.metadata.signals
    if (signals)
      items.set(
        id,
        SIGNALS.reduce((sum, name) => sum + signals[name].items, 0),
      )
  }
  return items
}

function parseCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count > 0) return count
  throw new InvalidArgumentError('Give a whole number above 0.')
}

/** At its first use: nobody who records has to wait for it. */
function loadAnalysis(): typeof import('../query/analysis/analyze-session') {
  return require('../query/analysis/analyze-session') as ReturnType<typeof loadAnalysis>
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { TraceMatch, TraceSearchResult } from '../query/search/search-result'
import type { IngestSessionResult, TraceIndex } from '../query/search/trace-index'
import type { Embedder } from '../query/search/vectors/embedder'
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
import { readableCount, readableDuration } from './readable-figures'
import { printable } from './printable'
import type { Terminal } from './terminal'
import { describeDamage } from './watch-replay'
import { withStore } from './with-store'

const EXAMPLES = `
Examples:
  otel-tape search debug-payment "slow checkout"
  otel-tape search debug-payment "paymnt declined" --service payment --limit 3
  otel-tape search debug-payment "hangs on the database" --json | jq -r .traceId
  otel-tape search debug-payment "customers can't log in" --model ./models/all-MiniLM-L6-v2

Words are found in the names, services, attributes and errors of a trace, also if they
are misspelled, and by what they mean: 'hangs' finds a timeout, 'slow' what took longer
than its operation usually takes. With --model, by meaning as well. Similarity is 0 to 1;
a trace that has each word and meaning of the query once has about 0.8.`

const MAX_MATCHES = 4
const MAX_TEXT_LENGTH = 100
const MAX_CONTENT_LENGTH = 240
const TOLD_ERRORS = 10

interface SearchCommandOptions extends GlobalOptions, TimeRange, LayoutChoice {
  service?: string
  limit?: number
  threshold?: number
  model?: string
}

export function addSearchCommand(program: Command, terminal: Terminal): void {
  program
    .command('search')
    .description('find traces of a session by what happened in them')
    .argument('<session>', 'its id, or a prefix with --layout awss3', parseSessionName)
    .argument('<query>', 'what to look for, in your own words')
    .option('--service <name>', 'only traces with a span of this service')
    .addOption(
      new Option('--limit <number>', 'how many traces at most (default: 10)').argParser(parseLimit),
    )
    .addOption(
      new Option('--threshold <similarity>', 'the least similarity, 0 to 1').argParser(
        parseSimilarity,
      ),
    )
    .addOption(startingIn(fromOption(), 'only traces that started at this time or later, ISO 8601'))
    .addOption(startingIn(untilOption(), 'only traces that started before this time, ISO 8601'))
    .option('--model <folder>', 'find by meaning as well, with the model all-MiniLM-L6-v2 in it')
    .addOption(layoutOption())
    .addHelpText('after', EXAMPLES)
    .action(async (sessionId: string, query: string, _options: object, command: Command) => {
      await search(sessionId, query, command.optsWithGlobals<SearchCommandOptions>(), terminal)
    })
}

async function search(
  sessionId: string,
  query: string,
  options: SearchCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { service: systemId, limit, threshold, json = false } = options
  const { signal } = terminal
  const range = rangeOf(options)
  const embedder = await openModel(options.model, signal)
  // Of this command's session alone, whatever a service of the same environment keeps where.
  // At its first use: nobody who records has to wait for it.
  const { createTraceIndex } =
    require('../query/search/create-trace-index') as typeof import('../query/search/create-trace-index')
  await using index = createTraceIndex({ path: ':memory:', embedder, enabled: true })
  await index.initialize()
  const ingested = await ingest(index, sessionId, options, terminal)
  const found = await index.searchTraces(query, { systemId, limit, threshold, ...range, signal })
  const { lastFailure } = index.status().embeddings
  if (lastFailure) terminal.complain(`found by words alone: ${lastFailure.message}`)
  if (json) {
    for (const result of found) if (!(await terminal.print(jsonLine(result)))) return
    return
  }
  for (const [rank, result] of found.entries()) {
    const lines = [...(rank > 0 ? [''] : []), ...resultLines(rank + 1, result)]
    if (!(await terminal.print(...lines))) return
  }
  for (const line of summaryLines(sessionId, found, ingested)) terminal.note(line)
}

async function openModel(
  modelPath: string | undefined,
  signal: AbortSignal,
): Promise<Embedder | undefined> {
  if (modelPath === undefined) return undefined
  const { createMiniLmEmbedder } =
    require('../query/search/vectors/minilm-embedder') as typeof import('../query/search/vectors/minilm-embedder')
  return createMiniLmEmbedder({ modelPath, signal })
}

async function ingest(
  index: TraceIndex,
  sessionId: string,
  { store: url, layout }: SearchCommandOptions,
  terminal: Terminal,
): Promise<IngestSessionResult> {
  const bar = terminal.showProgress('indexing')
  try {
    return await withStore(url, async (store) => {
      const result = await index.ingestSession(sessionId, {
        store,
        layout,
        signal: terminal.signal,
        onDamage: (damage) => terminal.complain(describeDamage(damage)),
        onProgress: ({ spanCount, totalSpanCount = spanCount, traceCount }) =>
          bar.update(spanCount, totalSpanCount, ` spans, ${readableCount(traceCount, 'trace')}`),
      })
      for (const { traceId = 'a trace', error } of result.errors.slice(0, TOLD_ERRORS)) {
        terminal.complain(`${traceId} is left out: ${error.message}`)
      }
      const untold = result.errorCount - Math.min(result.errors.length, TOLD_ERRORS)
      if (untold > 0) terminal.complain(`${readableCount(untold, 'more trace')} left out`)
      return result
    })
  } finally {
    bar.stop()
  }
}

function resultLines(rank: number, result: TraceSearchResult): string[] {
  const { traceId, similarity, timestamp, durationMillis, spanCount, isError } = result
  const facts = [
    similarity.toFixed(2),
    timestamp,
    readableDuration(durationMillis),
    readableCount(spanCount, 'span'),
    ...(isError ? ['failed'] : []),
    ...(result.sameContentCount > 1 ? [`${readableCount(result.sameContentCount)} alike`] : []),
  ]
  return [
    `${rank}. ${printable(traceId)}  ${facts.join(', ')}`,
    `   ${cut(printable(result.content), MAX_CONTENT_LENGTH)}`,
    ...result.matches.slice(0, MAX_MATCHES).map((match) => `   ${printable(describeMatch(match))}`),
  ]
}

function describeMatch(match: TraceMatch): string {
  switch (match.kind) {
    case 'id':
      return '- its id was asked for'
    case 'meaning':
      return `- means the like, by ${match.embedder}: cosine ${match.cosine.toFixed(2)}`
    case 'concept':
      return `- '${match.words}' is #${match.concept}: ${cut(match.because)}`
    case 'word': {
      const word = match.takenFor === undefined ? '' : ` (taken for '${match.takenFor}')`
      return `- '${match.words}'${word} in ${match.key ?? match.field}: ${cut(match.text)}`
    }
  }
}

function summaryLines(
  sessionId: string,
  found: readonly TraceSearchResult[],
  { traceCount }: IngestSessionResult,
): string[] {
  const searched = readableCount(traceCount, 'trace')
  if (found.length === 0) {
    return [`nothing in ${searched} is like it; other words, or a lower --threshold, may find more`]
  }
  const [{ traceId }] = found
  const query = `SELECT * FROM spans WHERE trace_id = '${traceId}' ORDER BY start_time`
  return [
    `${readableCount(found.length)} of ${searched}; to look into the first:`,
    `  otel-tape query ${sessionId} "${query}"`,
  ]
}

function cut(text: string, length = MAX_TEXT_LENGTH): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`
}

/** Other commands choose by arrival, this one by when a trace started. */
function startingIn(option: Option, description: string): Option {
  option.description = description
  return option
}

function parseLimit(text: string): number {
  const limit = Number(text)
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= 1_000) return limit
  throw new InvalidArgumentError('Give a whole number from 1 to 1000.')
}

function parseSimilarity(text: string): number {
  const similarity = Number(text)
  if (text.trim() !== '' && similarity >= 0 && similarity <= 1) return similarity
  throw new InvalidArgumentError('Give a number from 0 to 1.')
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Whether a search finds what was asked for: a shop's day with labelled faults, and the queries of
// somebody on call. See test/relevance. With a model folder, further rankings that use it: they
// embed every distinct trace, some 200 a second.
// npm run bench -- relevance [--traces 100000] [--split test|dev] [--model FOLDER] [--weak]

import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { cpuSeconds, defineBench, median, requireDist } from './support/harness.mjs'

const require = createRequire(import.meta.url)

const NAMES_ONLY = 'names only'
const PLAIN_BM25 = 'plain BM25'
const OURS = 'otel-tape'
const NAMES_WITH_MODEL = 'names only, with model'
const WITH_MODEL = 'otel-tape, with model'
const CLASSES = ['literal', 'paraphrase', 'typo', 'constrained', 'all']
/** A query that finds less is listed when `--weak` asks for it. */
const WEAK_PRECISION = 0.3
const SAME_NDCG = 0.01

export default defineBench({
  title: 'Relevance: labelled faults in a day of a shop, found by the words of somebody on call',
  options: {
    traces: 100_000,
    split: 'test',
    // The folder of an all-MiniLM-L6-v2.
    model: '',
    // List the queries that find little.
    weak: false,
    // Judge only the rankers whose name has this in it.
    only: '',
  },
  sides: {
    [NAMES_ONLY]: (options) => judge(options, () => bm25Rankers().createNamesOnly()),
    [PLAIN_BM25]: (options) => judge(options, () => bm25Rankers().createPlainBm25()),
    [OURS]: (options) => judge(options, () => traceIndexRanker(options)),
    [NAMES_WITH_MODEL]: (options) =>
      judgeWithModel(options, (embedder) =>
        requireSource('rankers/embedded-names.ts').createEmbeddedNames(embedder),
      ),
    [WITH_MODEL]: (options) =>
      judgeWithModel(options, (embedder) => traceIndexRanker(options, embedder)),
  },
  run: async (options) => {
    const withModel = options.model ? [NAMES_WITH_MODEL, WITH_MODEL] : []
    const rankers = [NAMES_ONLY, PLAIN_BM25, OURS, ...withModel]
    const chosen = rankers.filter((name) => name.includes(options.only))
    if (chosen.length === 0) throw new Error(`--only ${options.only}: of ${rankers.join('; ')}`)
    const judged = chosen.map((name) => [name, judgeApart(name)])
    return report(judged, options)
  },
})

/** In a process of its own, so that memory is told apart. */
function judgeApart(side) {
  const [, runner, ...parameters] = process.argv
  const call = [runner, ...parameters, '--side', side]
  const stdio = ['ignore', 'pipe', 'inherit']
  const output = execFileSync(process.execPath, call, { encoding: 'utf8', stdio })
  process.stderr.write('.')
  return JSON.parse(output.trimEnd().split('\n').at(-1))
}

async function judge({ traces, split }, createRanker) {
  const { SPLITS } = requireSource('splits.ts')
  const { byClass, judgeRanker } = requireSource('judge-ranker.ts')
  if (!(split in SPLITS)) throw new Error(`there is no split '${split}'; there are test and dev`)
  const ranker = await createRanker()
  let judgement
  const seconds = await cpuSeconds(async () => {
    judgement = await judgeRanker(ranker, SPLITS[split], { traces })
  })
  await ranker.close()
  const { ingestCpuSeconds, searchMillis, queries } = judgement
  const sorted = searchMillis.toSorted((a, b) => a - b)
  return {
    items: traces,
    cpuSeconds: seconds,
    ingestCpuSeconds,
    searchP50Millis: median(searchMillis),
    searchMaxMillis: sorted.at(-1),
    maxRssMB: process.resourceUsage().maxRSS / 1000,
    byClass: byClass(queries),
    queries: queries.map(({ query, ndcgAt10 }) => ({ class: query.class, ndcgAt10 })),
    weak: queries.filter(({ precisionAt10 }) => precisionAt10 < WEAK_PRECISION),
  }
}

async function judgeWithModel(options, createRanker) {
  const { createMiniLmEmbedder } = requireDist(options)
  const embedder = await createMiniLmEmbedder({ modelPath: options.model })
  try {
    return await judge(options, () => createRanker(embedder))
  } finally {
    await embedder.close()
  }
}

function requireSource(module) {
  require('../support/register-typescript.cjs')
  return require(`../relevance/${module}`)
}

function bm25Rankers() {
  return requireSource('rankers/bm25-ranker.ts')
}

function traceIndexRanker(options, embedder) {
  const { createTraceIndex } = requireDist(options)
  const { createTraceIndexRanker } = requireSource('rankers/trace-index-ranker.ts')
  return createTraceIndexRanker(createTraceIndex({ path: ':memory:', embedder }))
}

function report(judged, { traces, split, weak }) {
  return {
    tables: [
      measureTable('precision at 10', 'precisionAt10', judged),
      measureTable('nDCG at 10', 'ndcgAt10', judged),
      ...comparedTables(judged),
      costTable(judged),
      ...(weak ? judged.map(weakTable) : []),
    ],
    notes: [
      `${traces.toLocaleString('en-US')} traces, the queries of the ${split} split. Names only: ` +
        'BM25 over the names of spans, or with the model the cosine of their embeddings. ' +
        'Plain BM25: over names, services, attributes with their keys, status and events.',
    ],
  }
}

function measureTable(title, measure, judged) {
  return {
    title,
    columns: ['queries', ...judged.map(([name]) => name)],
    rows: CLASSES.map((name) => [
      name,
      ...judged.map(([, sample]) => Math.round(sample.byClass[name][measure] * 100) / 100),
    ]),
  }
}

/** A mean may come from a few queries that do much better; this counts them. */
function comparedTables(judged) {
  const plain = judged.find(([name]) => name === PLAIN_BM25)
  const others = judged.filter(([name]) => name.startsWith(OURS))
  if (plain === undefined || others.length === 0) return []
  const [, { queries: plainQueries }] = plain
  const counted = (sample, className) => {
    const differences = sample.queries
      .map((query, index) => [query.class, query.ndcgAt10 - plainQueries[index].ndcgAt10])
      .filter(([name]) => className === 'all' || name === className)
      .map(([, difference]) => difference)
    const better = differences.filter((difference) => difference > SAME_NDCG).length
    const worse = differences.filter((difference) => difference < -SAME_NDCG).length
    return `${better} / ${differences.length - better - worse} / ${worse}`
  }
  return [
    {
      title: `queries better / as good / worse than ${PLAIN_BM25}, by nDCG at 10`,
      columns: ['queries', ...others.map(([name]) => name)],
      rows: CLASSES.map((name) => [name, ...others.map(([, sample]) => counted(sample, name))]),
    },
  ]
}

function costTable(judged) {
  return {
    title: 'costs',
    columns: ['ranker', 'ingested/CPU s', 'search p50 ms', 'search max ms', 'peak memory MB'],
    rows: judged.map(([name, sample]) => [
      name,
      Math.round(sample.items / sample.ingestCpuSeconds),
      sample.searchP50Millis,
      sample.searchMaxMillis,
      Math.round(sample.maxRssMB),
    ]),
  }
}

function weakTable([name, { weak }]) {
  return {
    title: `precision below ${WEAK_PRECISION}: ${name}`,
    columns: ['class', 'fault', 'query', 'precision at 10', 'nDCG at 10'],
    rows: weak.map(({ query, precisionAt10, ndcgAt10 }) => [
      query.class,
      query.service ? `${query.kind} at ${query.service}` : query.kind,
      query.text,
      precisionAt10,
      ndcgAt10,
    ]),
  }
}

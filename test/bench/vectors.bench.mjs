// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// How long a search by vector takes, what it finds of what an exact one finds, and what embedding
// costs. The model is measured where there is one (test/bench/support/minilm-to-onnx.py makes it)
// and its packages can be found, for instance through NODE_PATH:
//
//     npm run bench -- vectors [--vectors 100000] [--dimensions 384] [--model FOLDER]

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import {
  clusteredVectors,
  createPlainSearch,
  queriesNear,
  randomVectors,
} from './support/bench-vectors.mjs'
import { cpuSeconds, defineBench, requireDist } from './support/harness.mjs'

const LIMIT = 10
/** The plain search takes long: so many of the queries are checked by it. */
const CHECKED_QUERIES = 40
const CACHED_TEXTS = 1_000

export default defineBench({
  title: 'Search by vector, and embedding',
  options: { vectors: 100_000, dimensions: 384, queries: 500, clusters: 1_000, model: '' },
  async run(options) {
    const { vectors, dimensions, clusters } = options
    const random = await measureSearch('random', options, () => {
      return randomVectors(vectors, dimensions, 1)
    })
    const clustered = await measureSearch('clustered', options, () => {
      return clusteredVectors(vectors, dimensions, clusters, 1)
    })
    const cachedPerSecond = await measureCache(options)
    const model = options.model ? [await measureModel(options)] : []
    const searches = [random, clustered]
    return {
      tables: [searchTable(options, searches), buildTable(searches), ...model],
      figures: [
        ...searches.flatMap(figuresOf),
        { name: 'cached embeddings', value: cachedPerSecond, unit: '/s', atLeast: 10_000 },
      ],
      notes: NOTES,
    }
  },
})

const NOTES = [
  'Latency is that of one search after another, from the call to its answer, and includes the way to the ' +
    'thread and back; making the vector of the query is not in it. The plain search is a loop over ' +
    'floating-point numbers in JavaScript. Memory is what the process grew by as the vectors were added.',
]

async function measureSearch(kind, options, make) {
  const { dimensions, queries } = options
  const { createVectorIndex } = requireDist(options, 'query/search/vectors/vector-index.js')
  const vectors = make()
  const asked = queriesNear(vectors, queries, dimensions, 2)
  const index = createVectorIndex({ dimensions })
  try {
    const built = await build(index, vectors, asked[0], dimensions)
    const times = []
    const found = []
    const cpu = await cpuSeconds(async () => {
      for (const query of asked) {
        const start = performance.now()
        found.push(await index.search(query, LIMIT))
        times.push(performance.now() - start)
      }
    })
    const cpuMillis = (cpu * 1000) / queries
    return {
      kind,
      built,
      times,
      cpuMillis,
      ...checkAgainstPlain(vectors, dimensions, asked, found),
    }
  } finally {
    await index.close()
  }
}

async function build(index, vectors, query, dimensions) {
  const count = vectors.length / dimensions
  const memoryBefore = process.memoryUsage().rss
  const start = performance.now()
  let addMillis
  const cpu = await cpuSeconds(async () => {
    for (let id = 0; id < count; id++) {
      index.add(id, vectors.subarray(id * dimensions, (id + 1) * dimensions))
    }
    addMillis = performance.now() - start
    // It answers when it has taken in what was added before.
    await index.search(query, 1)
  })
  const millis = performance.now() - start
  const bytes = process.memoryUsage().rss - memoryBefore
  return { count, addMillis, millis, cpuMillis: cpu * 1000, bytes }
}

function checkAgainstPlain(vectors, dimensions, asked, found) {
  const search = createPlainSearch(vectors, dimensions)
  const step = Math.max(1, Math.floor(asked.length / CHECKED_QUERIES))
  const plainTimes = []
  let hits = 0
  let expected = 0
  for (let at = 0; at < asked.length; at += step) {
    const start = performance.now()
    const nearest = search(asked[at], LIMIT)
    plainTimes.push(performance.now() - start)
    const ids = new Set(found[at].map(({ id }) => id))
    hits += nearest.filter(({ id }) => ids.has(id)).length
    expected += nearest.length
  }
  return { plainTimes, recall: hits / expected }
}

async function measureCache(options) {
  const load = (name) => requireDist(options, `query/search/vectors/${name}.js`)
  const { dimensions } = options
  const embedder = load('caching-embedder').createCachingEmbedder(
    {
      name: 'bench',
      dimensions,
      embed: async (texts) => texts.map((_, at) => new Float32Array(dimensions).fill(at + 1)),
    },
    { cacheSize: CACHED_TEXTS },
  )
  const text = (at) => `POST /checkout payment ${'declined by the bank '.repeat(8)} ${at}`
  const texts = Array.from({ length: CACHED_TEXTS }, (_, at) => text(at))
  await embedder.embed(texts)
  const rounds = 20
  const start = performance.now()
  for (let round = 0; round < rounds; round++) {
    for (const text of texts) await embedder.embed([text])
  }
  return (rounds * texts.length * 1000) / (performance.now() - start)
}

async function measureModel(options) {
  const load = (name) => requireDist(options, `query/search/vectors/${name}.js`)
  const start = performance.now()
  const embedder = await load('minilm-embedder').createMiniLmEmbedder({ modelPath: options.model })
  const loadMillis = performance.now() - start
  const delay = monitorEventLoopDelay({ resolution: 5 })
  try {
    const similarity = await leastSimilarity(embedder, options.model)
    delay.enable()
    const query = await measureTexts(embedder, queryText, 100, 1)
    const single = await measureTexts(embedder, documentText, 100, 1)
    const batched = await measureTexts(embedder, documentText, 512, 64)
    delay.disable()
    return {
      title: 'The model',
      columns: ['what', 'seen'],
      rows: [
        ['loading it, ms', loadMillis],
        ['a query of 4 words, ms, p50', quantile(query.times, 0.5)],
        ['a query of 4 words, ms, p99', quantile(query.times, 0.99)],
        ['documents of 40 words, one by one, texts/s', single.perSecond],
        ['documents of 40 words, 64 at once, texts/s', batched.perSecond],
        ['CPU of a document of those in this process, ms', batched.cpuMillis],
        ['event-loop delay meanwhile, ms, p99', delay.percentile(99) / 1e6],
        ['least cosine to the vectors of reference.json', similarity],
      ],
    }
  } finally {
    await embedder.close()
  }
}

async function measureTexts(embedder, textOf, count, batch) {
  const times = []
  const start = performance.now()
  const cpu = await cpuSeconds(async () => {
    for (let from = 0; from < count; from += batch) {
      const before = performance.now()
      await embedder.embed(Array.from({ length: batch }, (_, at) => textOf(from + at)))
      times.push(performance.now() - before)
    }
  })
  const perSecond = (count * 1000) / (performance.now() - start)
  return { times, perSecond, cpuMillis: (cpu * 1000) / count }
}

const WORDS =
  'payment checkout failed connection pool exhausted database timeout user service cart redis retry slow'.split(
    ' ',
  )

function queryText(at) {
  return Array.from({ length: 4 }, (_, word) => WORDS[(at * 5 + word * 3) % WORDS.length]).join(' ')
}

function documentText(at) {
  const words = Array.from(
    { length: 39 },
    (_, word) => WORDS[(at * 7 + word * word) % WORDS.length],
  )
  return `${words.join(' ')} ${at}`
}

async function leastSimilarity(embedder, model) {
  const reference = JSON.parse(readFileSync(join(model, 'reference.json'), 'utf8'))
  const vectors = await embedder.embed(Object.keys(reference))
  const cosines = Object.values(reference).map((expected, text) => {
    return expected.reduce((sum, number, at) => sum + number * vectors[text][at], 0)
  })
  return Math.min(...cosines)
}

function searchTable({ vectors, dimensions }, searches) {
  return {
    title: `The nearest ${LIMIT} of ${vectors.toLocaleString('en-US')} vectors of ${dimensions} dimensions`,
    columns: [
      'vectors',
      'p50, ms',
      'p90, ms',
      'p99, ms',
      'CPU, ms',
      'plain search p50, ms',
      'plain search : ours, p50',
      `recall@${LIMIT}`,
    ],
    rows: searches.map(({ kind, times, cpuMillis, plainTimes, recall }) => [
      kind,
      ...[0.5, 0.9, 0.99].map((share) => quantile(times, share)),
      cpuMillis,
      quantile(plainTimes, 0.5),
      quantile(plainTimes, 0.5) / quantile(times, 0.5),
      recall,
    ]),
  }
}

function buildTable(searches) {
  return {
    title: 'Building the index',
    columns: [
      'vectors',
      'ms',
      'of these on the caller’s thread',
      'CPU, µs a vector',
      'bytes a vector',
    ],
    rows: searches.map(({ kind, built: { count, millis, addMillis, cpuMillis, bytes } }) => [
      kind,
      Math.round(millis),
      Math.round(addMillis),
      (cpuMillis * 1000) / count,
      Math.round(bytes / count),
    ]),
  }
}

function figuresOf({ kind, times, recall }) {
  return [
    { name: `${kind}: p50`, value: quantile(times, 0.5), unit: 'ms', atMost: 10 },
    { name: `${kind}: p99`, value: quantile(times, 0.99), unit: 'ms' },
    { name: `${kind}: recall@${LIMIT}`, value: recall, atLeast: 0.95 },
  ]
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

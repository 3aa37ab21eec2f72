// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { SpanStatusCode } from '@opentelemetry/api'
import { FAULT_KINDS } from './corpus/fault-kinds'
import { generateCorpus, type LabelledTrace } from './corpus/generate-corpus'
import { gradeOf, QUERY_CLASSES } from './labelled-query'
import { SPLITS, type SplitName } from './splits'

const SPLIT_NAMES: readonly SplitName[] = ['dev', 'test']
const OPTIONS = { traces: 1200 }
const COMPARED = 200
const OTLP_CONSUMER = 5

describe.each(SPLIT_NAMES)('the corpus of the %s split is what it is said to be', (name) => {
  const split = SPLITS[name]
  const corpus = [...generateCorpus(split, OPTIONS)]
  const faulty = corpus.filter(({ label }) => label !== undefined)

  it('is the same from the same seed', () => {
    const again: LabelledTrace[] = []
    for (const made of generateCorpus(split, OPTIONS)) {
      if (again.push(made) === COMPARED) break
    }
    expect(asText(again)).toBe(asText(corpus.slice(0, COMPARED)))
  })

  it('is made of whole traces', () => {
    expect(new Set(corpus.map(({ trace }) => trace.traceId)).size).toBe(OPTIONS.traces)
    expect(corpus.flatMap(misplacedSpans)).toEqual([])
  })

  it('has faults of every kind, each in several wordings', () => {
    expect(new Set(faulty.map(({ label }) => label?.kind))).toEqual(new Set(FAULT_KINDS))
    for (const kind of FAULT_KINDS) expect(split.wordings[kind].length).toBeGreaterThanOrEqual(4)
  })

  it('names its failing spans as it names healthy ones', () => {
    const healthy = new Set(
      corpus
        .filter(({ label }) => label === undefined)
        .flatMap(({ trace }) => trace.spans.map((span) => span.name)),
    )
    const failing = faulty.flatMap(({ trace }) => trace.spans.map((span) => span.name))
    expect(failing.filter((span) => !healthy.has(span))).toEqual([])
  })

  it('has errors that no query asks for', () => {
    const others = corpus.filter(({ label }) => label === undefined).filter(hasError)
    expect(others.length).toBeGreaterThan(OPTIONS.traces * 0.005)
  })

  it('has ten traces at least for every query, and queries of each class for every fault', () => {
    const labels = faulty.map(({ label }) => label)
    for (const query of split.queries) {
      const wanted = labels.filter((label) => gradeOf(query, label) === 2).length
      expect([query.text, wanted >= 10]).toEqual([query.text, true])
    }
    for (const kind of FAULT_KINDS) {
      const classes = split.queries
        .filter((query) => query.kind === kind)
        .map((query) => query.class)
      expect(classes).toEqual(expect.arrayContaining(['literal', 'paraphrase', 'typo']))
    }
    for (const query of split.queries) {
      expect(QUERY_CLASSES).toContain(query.class)
      expect(query.service !== undefined).toBe(query.class === 'constrained')
      for (const kind of [...(query.alike ?? []), ...(query.related ?? [])])
        expect(FAULT_KINDS).toContain(kind)
    }
  })
})

describe('the splits have nothing in common', () => {
  it('but the shop: no query and no message', () => {
    const [queries, messages] = [
      (name: SplitName) => SPLITS[name].queries.map(({ text }) => text.toLowerCase()),
      (name: SplitName) =>
        Object.values(SPLITS[name].wordings)
          .flat()
          .flatMap(({ exception, status }) => exception?.message ?? status ?? []),
    ]
    for (const texts of [queries, messages]) {
      const dev = new Set(texts('dev'))
      expect(texts('test').filter((text) => dev.has(text))).toEqual([])
    }
  })
})

/** Spans that belong to none, or lie outside of their parents; those of consumers come after them. */
function misplacedSpans({ trace }: LabelledTrace) {
  const byId = new Map(trace.spans.map((span) => [span.spanId, span]))
  return trace.spans.filter((span, index) => {
    if (span.endTimeUnixNano <= span.startTimeUnixNano) return true
    if (index === 0) return span.parentSpanId !== undefined
    const parent = byId.get(span.parentSpanId ?? '')
    if (parent === undefined) return true
    if (span.kind === OTLP_CONSUMER) return span.startTimeUnixNano < parent.endTimeUnixNano
    return (
      span.startTimeUnixNano < parent.startTimeUnixNano ||
      span.endTimeUnixNano > parent.endTimeUnixNano
    )
  })
}

/** Jest takes seconds to compare traces as objects. */
function asText(corpus: LabelledTrace[]): string {
  return JSON.stringify(corpus, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
}

function hasError({ trace }: LabelledTrace): boolean {
  return trace.spans.some(({ status }) => status.code === SpanStatusCode.ERROR)
}

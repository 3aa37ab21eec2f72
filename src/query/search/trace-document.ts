// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { attributeConcepts } from './attribute-concepts'
import { CONCEPTS } from './concepts'
import type { IndexedSpan } from './indexed-trace'
import { type PhraseMatch, toldPhrases } from './phrase-matcher'
import { type Word, splitWords } from './split-words'

/** Where in a trace a text stands, and what a word there weighs. */
const WEIGHTS = Object.freeze({
  service: 1,
  name: 1.2,
  'exception type': 1.6,
  'exception message': 1.6,
  status: 1.6,
  event: 0.8,
  attribute: 0.6,
})

export type DocumentField = keyof typeof WEIGHTS

/** A text of a trace that is searched. Each stands in a document once, however often in the trace. */
export interface DocumentText {
  readonly field: DocumentField
  /** The attribute's key, where it is one. */
  readonly key?: string
  readonly text: string
}

export interface DocumentConcept {
  readonly concept: string
  /** What of the trace says so. */
  readonly because: string
}

/** What of a trace is searched. */
export interface TraceDocument {
  readonly texts: readonly DocumentText[]
  readonly concepts: readonly DocumentConcept[]
  /** What each stem, and each concept behind a `#`, weighs. */
  readonly terms: ReadonlyMap<string, number>
}

const CONCEPT_WEIGHT = 1.6
/** What everything that touches a database has says little; it must not outweigh a name. */
const KIND_CONCEPT_WEIGHT = 0.8
const KIND_CONCEPTS: ReadonlySet<string> = new Set(['database', 'cache', 'messaging', 'error'])
const MAX_TEXTS = 256
const MAX_TERMS = 384
/** More calls of one name below one parent look like a loop. */
const REPEATED_CALLS = 10

const IMPLIED = new Map(CONCEPTS.map(({ id, implies = [] }) => [id, implies]))

export function makeTraceDocument(spans: readonly IndexedSpan[]): TraceDocument {
  const texts = new Map<string, DocumentText>()
  const concepts = new Map<string, string>()
  const add = (field: DocumentField, text: string, key?: string): void => {
    if (texts.size < MAX_TEXTS) texts.set(`${key ?? field}\0${text}`, { field, key, text })
  }
  const say = (concept: string, because: string): void => {
    if (concepts.has(concept)) return
    concepts.set(concept, because)
    for (const implied of IMPLIED.get(concept) ?? []) say(implied, because)
  }
  // Errors first: what is left out of a large trace is none of them.
  for (const span of spans) addErrors(span, add, say)
  for (const span of spans) addDescription(span, add, say)
  for (const name of repeatedNames(spans)) say('repeated_calls', name)
  const written = [...texts.values()]
  const said = Array.from(concepts, ([concept, because]) => ({ concept, because }))
  return { texts: written, concepts: said, terms: termsOf(written, said) }
}

type AddText = (field: DocumentField, text: string, key?: string) => void
type SayConcept = (concept: string, because: string) => void

function addErrors(span: IndexedSpan, add: AddText, say: SayConcept): void {
  const tell = (field: DocumentField, value: unknown): void => {
    if (typeof value !== 'string' || value === '') return
    add(field, value)
    for (const concept of toldIn(value)) say(concept, `${field}: ${value}`)
  }
  for (const { name, attributes } of span.events) {
    if (name === 'exception') {
      say('error', 'an exception')
      if (span.attributes['db.system'] ?? span.attributes['db.system.name']) {
        say('database_error', 'an exception of a database call')
      }
      tell('exception type', attributes['exception.type'])
      tell('exception message', attributes['exception.message'])
    } else {
      tell('event', name)
      for (const value of Object.values(attributes)) tell('event', value)
    }
  }
  tell('exception type', span.attributes['exception.type'])
  tell('exception message', span.attributes['exception.message'])
  tell('exception type', span.attributes['error.type'])
  tell('exception message', span.attributes['error.message'])
  if (span.status === 'error') tell('status', span.statusMessage)
}

function addDescription(span: IndexedSpan, add: AddText, say: SayConcept): void {
  add('service', span.serviceName)
  add('name', span.name)
  for (const [key, value] of Object.entries(span.attributes)) {
    if (isDescribing(key)) add('attribute', String(value), key)
  }
  for (const { concept, because } of attributeConcepts(span)) say(concept, because)
}

/** Of where a process runs, everything in it says the same; and other texts are told elsewhere. */
const NOT_DESCRIBING =
  /^(?:exception|error|telemetry|process|host|os|thread|otel|user_agent|container|k8s|service|net\.sock|network|enduser|session)\.|user_agent|port$|[._]id$|span\.kind|\.(?:size|length|count|version|flavor)$|^code\.(?:file|line)/

const describing = new Map<string, boolean>()
const MAX_REMEMBERED = 20_000

function isDescribing(key: string): boolean {
  return remembered(describing, key, () => !NOT_DESCRIBING.test(key))
}

const toldConcepts = new Map<string, readonly string[]>()

function toldIn(text: string): readonly string[] {
  return remembered(toldConcepts, text, () =>
    widest(toldPhrases().match(wordsOf(text))).map(({ concept }) => concept),
  )
}

/**
 * Without what a longer phrase contains: where a lock's wait timed out, a deadlock is told of, and
 * no timeout.
 */
function widest(matches: readonly PhraseMatch[]): PhraseMatch[] {
  return matches.filter(
    (match) =>
      !matches.some(
        (other) =>
          other.start <= match.start &&
          other.end >= match.end &&
          other.end - other.start > match.end - match.start,
      ),
  )
}

const knownWords = new Map<string, readonly Word[]>()

/** Traces repeat their texts: most have been split before. */
export function wordsOf(text: string): readonly Word[] {
  return remembered(knownWords, text, () => splitWords(text))
}

function remembered<T>(known: Map<string, T>, text: string, make: () => T): T {
  const before = known.get(text)
  if (before !== undefined) return before
  const made = make()
  // All at once: which of them will be asked for again is not worth keeping account of.
  if (known.size >= MAX_REMEMBERED) known.clear()
  known.set(text, made)
  return made
}

function termsOf(
  texts: readonly DocumentText[],
  concepts: readonly DocumentConcept[],
): Map<string, number> {
  const terms = new Map<string, number>()
  const add = (term: string, weight: number): void => {
    const before = terms.get(term)
    if (before === undefined && terms.size >= MAX_TERMS) return
    terms.set(term, (before ?? 0) + weight)
  }
  for (const { concept } of concepts) {
    add(`#${concept}`, KIND_CONCEPTS.has(concept) ? KIND_CONCEPT_WEIGHT : CONCEPT_WEIGHT)
  }
  for (const { field, text } of texts) {
    for (const stem of stemsOf(field, text)) add(stem, WEIGHTS[field])
  }
  return terms
}

/** A service is asked for without what most are called: `checkoutservice` by `checkout`. */
export function stemsOf(field: DocumentField, text: string): Set<string> {
  const stems = new Set(wordsOf(text).map(({ stem }) => stem))
  if (field !== 'service') return stems
  for (const { text: word } of wordsOf(text)) {
    if (word.length > 10 && word.endsWith('service')) stems.add(word.slice(0, -7))
  }
  return stems
}

function* repeatedNames(spans: readonly IndexedSpan[]): Generator<string> {
  if (spans.length < REPEATED_CALLS) return
  const counts = new Map<string, number>()
  for (const { parentSpanId, name } of spans) {
    if (parentSpanId === undefined) continue
    const call = `${parentSpanId} ${name}`
    const count = (counts.get(call) ?? 0) + 1
    counts.set(call, count)
    if (count === REPEATED_CALLS) yield `${REPEATED_CALLS} or more times '${name}' below one span`
  }
}

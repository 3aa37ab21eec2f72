// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { IndexedSpan } from './indexed-trace'
import type { LexicalIndex } from './lexical-index'
import type { TraceMatch } from './search-result'
import { type DocumentText, makeTraceDocument, stemsOf } from './trace-document'
import type { AskedTerm, UnderstoodQuery } from './understand-query'
import type { Slowness, UsualDurations } from './usual-durations'

/** Why a trace was found, as far as words and concepts tell; the weightiest reason first. */
export function explainMatch(
  query: UnderstoodQuery,
  spans: readonly IndexedSpan[],
  index: LexicalIndex,
  slow: { slowness: Slowness | undefined; usual: UsualDurations; count: number },
): TraceMatch[] {
  const { texts, concepts, terms } = makeTraceDocument(spans)
  const found = query.terms.filter(({ term }) => terms.has(term))
  const weighed = found.map((asked) => ({
    asked,
    value: asked.weight * index.rarity(index.frequency(asked.term)),
  }))
  const { slowness, usual, count } = slow
  const slowValue = query.slow && slowness ? query.slow.weight * index.rarity(count) : 0
  const total = weighed.reduce((sum, { value }) => sum + value, slowValue)
  const matches: TraceMatch[] = []
  for (const { asked, value } of weighed) {
    const { term, words, takenFor } = asked
    const share = value / total
    const concept = concepts.find(({ concept }) => `#${concept}` === term)
    if (concept) matches.push({ kind: 'concept', words, ...concept, share })
    const text = concept ? undefined : textWith(term, texts)
    if (text) matches.push({ kind: 'word', words, takenFor, ...text, share })
  }
  if (query.slow && slowness) {
    const because = describeSlowness(slowness, usual)
    const { words } = query.slow
    matches.push({ kind: 'concept', words, concept: 'slow', because, share: slowValue / total })
  }
  return matches.sort((a, b) => shareOf(b) - shareOf(a))
}

function shareOf(match: TraceMatch): number {
  return 'share' in match ? match.share : 1
}

/** The text that a word weighs most in: an error's, before a name's. */
function textWith(
  term: AskedTerm['term'],
  texts: readonly DocumentText[],
): DocumentText | undefined {
  return texts.find(({ field, text }) => stemsOf(field, text).has(term))
}

function describeSlowness({ timing, usualMillis }: Slowness, usual: UsualDurations): string {
  const took = `${usual.nameOf(timing.operation)} took ${readableMillis(timing.millis)}`
  return usualMillis === undefined ? took : `${took}, usually ${readableMillis(usualMillis)}`
}

function readableMillis(millis: number): string {
  return millis < 1_000 ? `${Number(millis.toPrecision(3))} ms` : `${(millis / 1_000).toFixed(1)} s`
}

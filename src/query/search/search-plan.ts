// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import { checkOptions, expected, text, withoutUndefined } from '../../options/check-options'
import { QueryError } from '../query-error'
import type { SearchOptions } from './trace-index'
import { readTime } from './read-time'
import { similarity } from './trace-index-config'
import type { TimeInput } from './trace-input'
import type { SearchPlan } from './trace-searcher'

const MAX_LIMIT = 1_000
const DEFAULTS = Object.freeze({ limit: 10 })

const time = expected<TimeInput>('a time after 1970', (value) => readTime(value) !== undefined)

const entries = {
  limit: v.optional(expected<number>(`a whole number from 1 to ${MAX_LIMIT}`, isLimit)),
  systemId: v.optional(text),
  threshold: v.optional(similarity),
  from: v.optional(time),
  to: v.optional(time),
  embedding: v.optional(v.instance(Float32Array, 'a Float32Array')),
  signal: v.optional(v.instance(AbortSignal, 'an AbortSignal')),
}

/** What is to be searched for how. Throws `QueryError` of reason `InvalidConfig`. */
export function planSearch(
  query: unknown,
  options: SearchOptions,
  similarityThreshold: number,
): SearchPlan & Pick<SearchOptions, 'embedding' | 'signal'> {
  if (typeof query !== 'string' || query.trim() === '') {
    const got = typeof query === 'string' ? "''" : String(query)
    throw invalid(`the query has to be a text of one word or more, got ${got}`)
  }
  const given = checkOptions(entries, withoutUndefined(options), invalid)
  const { limit = DEFAULTS.limit, threshold = similarityThreshold, systemId } = given
  const fromUnixNano = readTime(given.from)
  const toUnixNano = readTime(given.to)
  if (fromUnixNano !== undefined && toUnixNano !== undefined && fromUnixNano >= toUnixNano) {
    throw invalid(`nothing can lie between 'from' ${fromUnixNano} and 'to' ${toUnixNano}`)
  }
  const filter = { systemId, fromUnixNano, toUnixNano }
  return { limit, threshold, filter, embedding: given.embedding, signal: given.signal }
}

function isLimit(value: unknown): boolean {
  const limit = value as number
  return Number.isSafeInteger(value) && limit >= 1 && limit <= MAX_LIMIT
}

function invalid(complaint: string): QueryError {
  return new QueryError('InvalidConfig', `searchTraces: ${complaint}`)
}

// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import * as v from 'valibot'
import { checkOptions, expected, flag, withoutUndefined } from '../../options/check-options'
import { fromEnvironment, textFrom } from '../../options/environment'
import { QueryError } from '../query-error'
import type { Embedder } from './vectors/embedder'

export interface TraceIndexOptions {
  /**
   * Where the index is kept: the path of a file, or `:memory:`. Default: `HOT_STORE_PATH`, or
   * `:memory:`.
   */
  path?: string
  /**
   * Finds by meaning as well. Closed with the index. Default: the model in the folder that
   * `EMBEDDING_MODEL` names, or none.
   */
  embedder?: Embedder
  /** How many embeddings are remembered by their text, 100 to 10,000. Default: `CACHE_SIZE`, or 1,000. */
  cacheSize?: number
  /**
   * The least similarity of what a search gives, 0 to 1, where the search names none. Default:
   * `SIMILARITY_THRESHOLD`, or 0.2.
   */
  similarityThreshold?: number
  /**
   * Whether traces are taken in. If not, what is in the file can be searched, and ingesting
   * leaves out all it is given, and says so. Default: `OTEL_INGESTER_ENABLED`, or true.
   */
  enabled?: boolean
}

/** The options, with whatever they did not say. */
export interface TraceIndexConfig {
  readonly path: string
  readonly embedder: Embedder | undefined
  /** Where the environment says that a model lies. */
  readonly modelPath: string | undefined
  readonly cacheSize: number
  readonly similarityThreshold: number
  readonly enabled: boolean
}

export const IN_MEMORY = ':memory:'
const MIN_CACHE_SIZE = 100
const MAX_CACHE_SIZE = 10_000

const DEFAULTS = Object.freeze({
  path: IN_MEMORY,
  cacheSize: 1_000,
  similarityThreshold: 0.2,
  enabled: true,
})

const CACHE_SIZE = `a whole number from ${MIN_CACHE_SIZE} to ${MAX_CACHE_SIZE}`
const SIMILARITY = 'a number from 0 to 1'

export const similarity = expected<number>(SIMILARITY, isSimilarity)

const entries = {
  path: v.optional(expected<string>(`a path, or '${IN_MEMORY}'`, isPath)),
  embedder: v.optional(expected<Embedder>('an object with name, dimensions and embed', isEmbedder)),
  cacheSize: v.optional(expected<number>(CACHE_SIZE, isCacheSize)),
  similarityThreshold: v.optional(similarity),
  enabled: v.optional(flag),
}

/** What the options say, else the environment, else the defaults. */
export function resolveTraceIndexConfig(options: TraceIndexOptions): TraceIndexConfig {
  const given = checkOptions(
    entries,
    options,
    (complaint) => new QueryError('InvalidConfig', `createTraceIndex: ${complaint}`),
  )
  return {
    ...DEFAULTS,
    ...withoutUndefined(optionsFromEnvironment()),
    modelPath: given.embedder ? undefined : textFrom('EMBEDDING_MODEL'),
    embedder: undefined,
    ...withoutUndefined(given),
  }
}

function optionsFromEnvironment(): Partial<TraceIndexConfig> {
  return {
    path: textFrom('HOT_STORE_PATH'),
    cacheSize: fromEnvironment('CACHE_SIZE', numberThat(isCacheSize, CACHE_SIZE)),
    similarityThreshold: fromEnvironment(
      'SIMILARITY_THRESHOLD',
      numberThat(isSimilarity, SIMILARITY),
    ),
    enabled: fromEnvironment('OTEL_INGESTER_ENABLED', parseFlag),
  }
}

function numberThat(isFine: (value: unknown) => boolean, what: string): (text: string) => number {
  return (text) => {
    if (isFine(Number(text))) return Number(text)
    throw new RangeError(`'${text}' is not ${what}`)
  }
}

function parseFlag(text: string): boolean {
  if (/^(true|1|yes|on)$/i.test(text)) return true
  if (/^(false|0|no|off)$/i.test(text)) return false
  throw new RangeError(`'${text}' is neither true nor false`)
}

function isPath(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !value.includes('\0')
}

function isCacheSize(value: unknown): boolean {
  const size = value as number
  return Number.isSafeInteger(value) && size >= MIN_CACHE_SIZE && size <= MAX_CACHE_SIZE
}

function isSimilarity(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1
}

function isEmbedder(value: unknown): boolean {
  const embedder = value as Partial<Embedder> | null
  return (
    typeof embedder?.name === 'string' &&
    Number.isSafeInteger(embedder.dimensions) &&
    typeof embedder.embed === 'function'
  )
}
